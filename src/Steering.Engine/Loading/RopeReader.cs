namespace Steering.Engine.Loading;

/// <summary>Rotary settings as a config.json gives them.</summary>
/// <param name="Dimension">Values of a head that are turned.</param>
/// <param name="Theta">Base of the frequencies.</param>
/// <param name="Scaling">How angles are stretched.</param>
/// <param name="LocalTheta">Base of the frequencies of blocks with windows, null where they have none of their own.</param>
internal readonly record struct Rope(int Dimension, double Theta, RopeScaling Scaling, double? LocalTheta)
{
    /// <summary>Of a family that does not rotate.</summary>
    public static Rope Absent => new(0, 0, RopeScaling.None.Instance, null);
}

/// <summary>
/// Reads <c>rope_parameters</c> { rope_theta, rope_type, ... } (transformers 5; by layer type where blocks differ), or <c>rope_theta</c> beside
/// <c>rope_scaling</c> { rope_type or type, ... } (transformers 4).
/// </summary>
internal static class RopeReader
{
    private const double MaxTheta = 1e12, MaxFactor = 1e6;

    /// <exception cref="ModelFormatException">A field is malformed or asks for a scaling that is not supported.</exception>
    public static Rope Read(JsonSection config, DecoderFamily family, int headDimension, int maxPositions)
    {
        var parameters = config.Section("rope_parameters");
        JsonSection? local = null;
        if (family.LocalRopeTheta is not null && parameters is { } both && both.Has("full_attention")) (parameters, local) = (both.Section("full_attention"), both.Section("sliding_attention"));
        double theta = parameters?.Number("rope_theta", 1, MaxTheta) ?? config.Number(family.Fields.RopeTheta, 1, MaxTheta) ?? family.RopeTheta;
        int dimension = Dimension(config, parameters, family, headDimension);
        var scaling = (parameters ?? config.Section("rope_scaling")) is { } section ? Scaling(config, section, family, dimension / 2, maxPositions) : RopeScaling.None.Instance;
        return new Rope(dimension, theta, scaling, family.LocalRopeTheta is { } byDefault ? Local(config, local, byDefault) : null);
    }

    private static int Dimension(JsonSection config, JsonSection? parameters, DecoderFamily family, int headDimension)
    {
        const string field = "partial_rotary_factor";
        var (own, byDefault) = family.PartialRotary ?? (field, 1);
        double? inParameters = parameters?.Number(field, 0, 1);
        double factor = inParameters ?? config.Number(own, 0, 1) ?? byDefault;
        var (section, name) = inParameters is not null ? (parameters!.Value, field) : (config, own);
        if (family.PartialRotary is null && factor != 1) throw section.Error(name, "only 1 is supported");
        int dimension = (int)(headDimension * factor);
        if (dimension % 2 == 0 && dimension > 0) return dimension;
        throw factor == 1 ? config.Error("head_dim", $"is {headDimension}; rotary embeddings need an even number")
            : section.Error(name, $"makes {dimension} of {headDimension} values rotate; rotary embeddings need an even number");
    }

    private static double Local(JsonSection config, JsonSection? local, double byDefault)
    {
        if (local is not { } section) return config.Number("rope_local_base_freq", 1, MaxTheta) ?? byDefault;
        if (section.String("rope_type") is { } type and not "default") throw section.Error("rope_type", $"\"{type}\" is not supported for blocks with windows; supported: default");
        return section.Number("rope_theta", 1, MaxTheta) ?? byDefault;
    }

    private static RopeScaling Scaling(JsonSection config, JsonSection section, DecoderFamily family, int pairs, int maxPositions)
    {
        string supported = family.LongRopeContext is null ? "default, linear, llama3" : "default, linear, llama3, longrope";
        string field = section.Has("rope_type") ? "rope_type" : "type";
        switch (section.String(field))
        {
            case "linear":
                return new RopeScaling.Linear(Factor(section));
            case "llama3":
                double low = section.RequireNumber("low_freq_factor", 1e-3, MaxFactor), high = section.RequireNumber("high_freq_factor", 1e-3, MaxFactor);
                if (high <= low) throw section.Error("high_freq_factor", "must be greater than low_freq_factor");
                return new RopeScaling.Llama3(Factor(section), low, high, section.RequireInt("original_max_position_embeddings", 1, 1 << 27));
            // The first Phi-3 files call it su.
            case "longrope" or "su" when family.LongRopeContext is { } context:
                return LongRope(config, section, context, pairs, maxPositions);
            case "default":
                return RopeScaling.None.Instance;
            case null when section.Has("rope_theta") && !section.Has("factor"):
                return RopeScaling.None.Instance;
            case null:
                throw section.Error("rope_type", $"is missing; supported: {supported}");
            case var type:
                throw section.Error(field, $"\"{type}\" is not supported; supported: {supported}");
        }
    }

    // transformers, modeling_rope_utils._compute_longrope_parameters
    private static RopeScaling.LongRope LongRope(JsonSection config, JsonSection section, int defaultContext, int pairs, int maxPositions)
    {
        const string original = "original_max_position_embeddings";
        foreach (string mscale in (string[])["short_mscale", "long_mscale"])
            if (section.Has(mscale)) throw section.Error(mscale, "is not supported; supported: attention_factor");
        int context = section.Int(original, 1, 1 << 27) ?? config.Int(original, 1, 1 << 27) ?? defaultContext;
        double factor = (double)maxPositions / context;
        double attention = section.Number("attention_factor", 1e-3, MaxFactor) ?? (factor <= 1 ? 1 : Math.Sqrt(1 + Math.Log(factor) / Math.Log(context)));
        return new RopeScaling.LongRope(Factors("short_factor"), Factors("long_factor"), context, attention);

        ValueList<double> Factors(string name)
        {
            var factors = section.Numbers(name, 1e-3, MaxFactor);
            if (factors.IsDefault) throw section.Error(name, $"is missing; expected {pairs} numbers");
            return factors.Length == pairs ? new ValueList<double>(factors) : throw section.Error(name, $"has {factors.Length} numbers; {pairs} pairs of values rotate");
        }
    }

    private static double Factor(JsonSection section) => section.RequireNumber("factor", 1, MaxFactor);
}
