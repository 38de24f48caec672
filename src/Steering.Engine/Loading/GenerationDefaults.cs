namespace Steering.Engine.Loading;

/// <summary>
/// Sampling settings of generation_config.json, for requests that name none; null where the file says nothing. A file that says <c>do_sample: false</c> does not make
/// requests greedy: its authors mean transformers' generate(), and callers of an API expect its defaults; whoever wants greedy text asks for temperature 0.
/// </summary>
public sealed record GenerationDefaults
{
    public double? Temperature { get; init; }
    public double? TopP { get; init; }
    public int? TopK { get; init; }
    public double? MinP { get; init; }
    public double? RepetitionPenalty { get; init; }

    /// <summary>As the file says; see the summary.</summary>
    public bool? DoSample { get; init; }

    internal static GenerationDefaults Read(JsonSection generation) => new()
    {
        Temperature = generation.Number("temperature", 0, 100),
        TopP = generation.Number("top_p", 0, 1),
        TopK = generation.Int("top_k", 0, int.MaxValue),
        MinP = generation.Number("min_p", 0, 1),
        RepetitionPenalty = generation.Number("repetition_penalty", 1e-3, 1e3),
        DoSample = generation.Bool("do_sample"),
    };
}
