namespace Steering.Engine.Loading;

/// <summary>
/// Rotary settings of a config.json: <c>rope_parameters</c> { rope_theta, rope_type, ... } (transformers 5), or <c>rope_theta</c> beside
/// <c>rope_scaling</c> { rope_type or type, ... } (transformers 4).
/// </summary>
internal static class RopeReader
{
    private const double MaxTheta = 1e12, MaxFactor = 1e6;

    public static (double Theta, RopeScaling Scaling) Read(JsonSection config, double defaultTheta)
    {
        var parameters = config.Section("rope_parameters");
        double theta = parameters?.Number("rope_theta", 1, MaxTheta) ?? config.Number("rope_theta", 1, MaxTheta) ?? defaultTheta;
        return (theta, (parameters ?? config.Section("rope_scaling")) is { } section ? ReadScaling(section) : RopeScaling.None.Instance);
    }

    private static RopeScaling ReadScaling(JsonSection section)
    {
        string field = section.TryGet("rope_type", out _) ? "rope_type" : "type";
        if (section.Number("partial_rotary_factor", 0, 1) is not (null or 1)) throw section.Error("partial_rotary_factor", "only 1 is supported");
        switch (section.String(field))
        {
            case "linear":
                return new RopeScaling.Linear(Factor(section));
            case "llama3":
                double low = section.RequireNumber("low_freq_factor", 1e-3, MaxFactor), high = section.RequireNumber("high_freq_factor", 1e-3, MaxFactor);
                if (high <= low) throw section.Error("high_freq_factor", "must be greater than low_freq_factor");
                return new RopeScaling.Llama3(Factor(section), low, high, section.RequireInt("original_max_position_embeddings", 1, 1 << 27));
            case "default":
                return RopeScaling.None.Instance;
            case null when section.TryGet("rope_theta", out _) && !section.TryGet("factor", out _):
                return RopeScaling.None.Instance;
            case null:
                throw section.Error("rope_type", "is missing; supported: default, linear, llama3");
            case var type:
                throw section.Error(field, $"\"{type}\" is not supported; supported: default, linear, llama3");
        }
    }

    private static double Factor(JsonSection section) => section.RequireNumber("factor", 1, MaxFactor);
}
