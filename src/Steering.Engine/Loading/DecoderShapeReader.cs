using System.Text.Json;

namespace Steering.Engine.Loading;

/// <summary>config.json to <see cref="DecoderShape"/>, in the forms of transformers 4 and 5; whatever would change the computation and is not implemented is refused.</summary>
internal static class DecoderShapeReader
{
    // Bounds far above any model; their products stay far below 2^63.
    private const int MaxVocabulary = 1 << 24, MaxWidth = 1 << 17, MaxIntermediate = 1 << 20, MaxBlocks = 1024, MaxHeads = 4096, MaxHeadDimension = 4096, MaxContext = 1 << 27;

    /// <exception cref="ModelFormatException">A field is missing, out of bounds or asks for something unsupported.</exception>
    public static DecoderShape Read(JsonSection config)
    {
        var family = DecoderFamily.Of(config);
        RefuseUnsupported(config, family);
        int hidden = config.RequireInt("hidden_size", 1, MaxWidth);
        int heads = config.RequireInt("num_attention_heads", 1, MaxHeads);
        int keyValueHeads = config.Int("num_key_value_heads", 1, MaxHeads) ?? heads;
        if (heads % keyValueHeads != 0) throw config.Error("num_key_value_heads", $"is {keyValueHeads}; it must divide num_attention_heads ({heads})");
        int maxPositions = config.Int("max_position_embeddings", 1, MaxContext) ?? family.MaxPositions;
        var (theta, scaling) = RopeReader.Read(config, family.RopeTheta);
        return new DecoderShape
        {
            ModelType = family.ModelType,
            VocabularySize = config.RequireInt("vocab_size", 1, MaxVocabulary),
            HiddenSize = hidden,
            IntermediateSize = config.RequireInt("intermediate_size", 1, MaxIntermediate),
            Blocks = config.RequireInt("num_hidden_layers", 1, MaxBlocks),
            Heads = heads,
            KeyValueHeads = keyValueHeads,
            HeadDimension = HeadDimension(config, hidden, heads),
            MaxPositions = maxPositions,
            RmsNormEps = config.Number("rms_norm_eps", 0, 1) ?? family.RmsNormEps,
            RopeTheta = theta,
            RopeScaling = scaling,
            AttentionBias = config.Bool("attention_bias") ?? false,
            MlpBias = config.Bool("mlp_bias") ?? false,
            TieWordEmbeddings = config.Bool("tie_word_embeddings") ?? family.TieWordEmbeddings,
            Activation = ReadActivation(config, family),
        };
    }

    private static int HeadDimension(JsonSection config, int hidden, int heads)
    {
        int dimension;
        if (config.Int("head_dim", 2, MaxHeadDimension) is { } given) dimension = given;
        else if (hidden % heads == 0) dimension = hidden / heads;
        else throw config.Error("head_dim", $"is missing, and hidden_size ({hidden}) is not a multiple of num_attention_heads ({heads})");
        if (dimension % 2 != 0) throw config.Error("head_dim", $"is {dimension}; rotary embeddings need an even number");
        if ((long)dimension * heads > MaxIntermediate) throw config.Error("head_dim", $"{dimension} times num_attention_heads ({heads}) is more than {MaxIntermediate}");
        return dimension;
    }

    private static Activation ReadActivation(JsonSection config, DecoderFamily family)
    {
        string name = config.String("hidden_act") ?? "silu";
        return family.Activations.TryGetValue(name, out var activation) ? activation
            : throw config.Error("hidden_act", $"\"{name}\" is not supported; supported: {string.Join(", ", family.Activations.Keys)}");
    }

    private static void RefuseUnsupported(JsonSection config, DecoderFamily family)
    {
        if (config.TryGet("architectures", out var architectures) && architectures.ValueKind == JsonValueKind.Array && architectures.GetArrayLength() > 0
            && !architectures.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.String && item.ValueEquals(family.Architecture)))
            throw config.Error("architectures", $"{architectures[0].GetRawText()} is not supported; supported: {family.Architecture}");
        if (config.TryGet("quantization_config", out _)) throw config.Error("quantization_config", "quantised checkpoints of this kind are not supported; supported weights: F32, F16, BF16");
        if (config.Int("sliding_window", 0, int.MaxValue) is > 0 && config.Bool("use_sliding_window") != false)
            throw config.Error("sliding_window", "sliding-window attention is not supported for this model_type; supported: null");
        if (config.TryGet("layer_types", out var layers) && (layers.ValueKind != JsonValueKind.Array
            || layers.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String || !item.ValueEquals("full_attention"u8))))
            throw config.Error("layer_types", "only a list of \"full_attention\" is supported");
        if (config.Number("partial_rotary_factor", 0, 1) is not (null or 1)) throw config.Error("partial_rotary_factor", "only 1 is supported");
    }
}
