using System.Collections.Immutable;

namespace Steering.Engine.Loading;

/// <summary>What a model folder says about a model beside its weights: config.json, and generation_config.json and tokenizer_config.json where they exist.</summary>
public sealed record ModelConfig
{
    /// <summary>How the decoder computes.</summary>
    public required DecoderShape Shape { get; init; }

    /// <summary>Beginning-of-sequence tokens; empty if the model has none. generation_config.json comes before config.json.</summary>
    public required ImmutableArray<int> BosTokenIds { get; init; }

    /// <summary>End-of-sequence tokens; empty if the model has none. generation_config.json comes before config.json.</summary>
    public required ImmutableArray<int> EosTokenIds { get; init; }

    /// <summary>Null if there is none. May lie outside the vocabulary: published models do that, and nothing here embeds it.</summary>
    public int? PadTokenId { get; init; }

    public required GenerationDefaults Generation { get; init; }

    public required TokenizerSettings Tokenizer { get; init; }

    /// <summary>Reads a model folder.</summary>
    /// <exception cref="ModelFormatException">config.json is missing, or a file is malformed or asks for something unsupported.</exception>
    public static ModelConfig Load(string folder)
    {
        using var config = JsonDocumentFile.Read(Path.Combine(folder, "config.json"));
        var shape = DecoderShapeReader.Read(config.Root);
        string generationPath = Path.Combine(folder, "generation_config.json");
        using var generation = File.Exists(generationPath) ? JsonDocumentFile.Read(generationPath) : null;
        return new ModelConfig
        {
            Shape = shape,
            BosTokenIds = TokenIds(generation?.Root, config.Root, "bos_token_id", shape.VocabularySize),
            EosTokenIds = TokenIds(generation?.Root, config.Root, "eos_token_id", shape.VocabularySize),
            PadTokenId = Pad(generation?.Root) ?? Pad(config.Root),
            Generation = generation is null ? new GenerationDefaults() : GenerationDefaults.Read(generation.Root),
            Tokenizer = TokenizerSettings.Load(folder),
        };
    }

    private static ImmutableArray<int> TokenIds(JsonSection? generation, JsonSection config, string name, int vocabularySize)
    {
        var ids = generation?.Ints(name, 0, vocabularySize - 1) ?? default;
        if (ids.IsDefault) ids = config.Ints(name, 0, vocabularySize - 1);
        return ids.IsDefault ? [] : ids;
    }

    // The first Llama conversions write -1 for "none".
    private static int? Pad(JsonSection? section) => section?.Int("pad_token_id", -1, int.MaxValue) is { } id and >= 0 ? id : null;
}
