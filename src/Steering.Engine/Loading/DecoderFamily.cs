using System.Collections.Immutable;

namespace Steering.Engine.Loading;

/// <summary>
/// One row per model_type that can be loaded: its architecture class, and what transformers assumes for fields that a config.json leaves out.
/// A family that differs from Llama adds its differences as columns here.
/// </summary>
internal sealed record DecoderFamily
{
    private static readonly ImmutableArray<DecoderFamily> All =
    [
        // transformers: models/llama/configuration_llama.py
        new() { ModelType = "llama", Architecture = "LlamaForCausalLM", MaxPositions = 2048, RmsNormEps = 1e-6, RopeTheta = 10000, TieWordEmbeddings = false },
    ];

    public required string ModelType { get; init; }

    /// <summary>The class whose checkpoints have a language-model head.</summary>
    public required string Architecture { get; init; }

    public required int MaxPositions { get; init; }
    public required double RmsNormEps { get; init; }
    public required double RopeTheta { get; init; }
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>The activations a config.json may name, and what they are.</summary>
    public ImmutableSortedDictionary<string, Activation> Activations { get; init; } = ImmutableSortedDictionary<string, Activation>.Empty.Add("silu", Activation.Silu).Add("swish", Activation.Silu);

    /// <summary>The row of config.json's model_type.</summary>
    /// <exception cref="ModelFormatException">It is missing or no row has it.</exception>
    public static DecoderFamily Of(JsonSection config)
    {
        string supported = string.Join(", ", All.Select(family => family.ModelType));
        string modelType = config.String("model_type") ?? throw config.Error("model_type", $"is missing; supported: {supported}");
        return All.FirstOrDefault(family => family.ModelType == modelType) ?? throw config.Error("model_type", $"\"{modelType}\" is not supported; supported: {supported}");
    }
}
