using System.Text.Json;
using Steering.Compute;

namespace Steering.Engine.Loading;

/// <summary>config.json to <see cref="DecoderShape"/>, in the forms of transformers 4 and 5; whatever would change the computation and is not implemented is refused.</summary>
internal static class DecoderShapeReader
{
    // Bounds far above any model; their products stay far below 2^63.
    private const int MaxVocabulary = 1 << 24, MaxWidth = 1 << 17, MaxIntermediate = 1 << 20, MaxBlocks = 1024, MaxHeads = 4096, MaxHeadDimension = 4096, MaxContext = 1 << 27, MaxExperts = 1024;
    private const double MaxCap = 1e6;

    /// <exception cref="ModelFormatException">A field is missing, out of bounds or asks for something unsupported.</exception>
    public static DecoderShape Read(JsonSection config)
    {
        var family = DecoderFamilies.Of(config);
        RefuseUnsupported(config, family);
        var fields = family.Fields;
        int hidden = config.RequireInt(fields.HiddenSize, 1, MaxWidth);
        int heads = config.RequireInt(fields.Heads, 1, MaxHeads);
        int keyValueHeads = config.Int("num_key_value_heads", 1, MaxHeads) ?? heads;
        if (heads % keyValueHeads != 0) throw config.Error("num_key_value_heads", $"is {keyValueHeads}; it must divide {fields.Heads} ({heads})");
        int maxPositions = config.Int(fields.MaxPositions, 1, MaxContext) ?? family.MaxPositions;
        int headDimension = HeadDimension(config, family, hidden, heads);
        var rope = family.LearnedPositions ? Rope.Absent : RopeReader.Read(config, family, headDimension, maxPositions);
        int blocks = config.RequireInt(fields.Blocks, 1, MaxBlocks);
        var experts = ReadExperts(config, family);
        bool attentionBias = family.AttentionBias is null && (config.Bool("attention_bias") ?? family.AttentionBiasByDefault);
        return new DecoderShape
        {
            ModelType = family.ModelType,
            VocabularySize = config.RequireInt("vocab_size", 1, MaxVocabulary),
            HiddenSize = hidden,
            IntermediateSize = IntermediateSize(config, fields, hidden),
            BlockShapes = BlockShapeReader.Read(config, family, blocks, experts is not null),
            Heads = heads,
            KeyValueHeads = keyValueHeads,
            HeadDimension = headDimension,
            MaxPositions = maxPositions,
            NormEps = config.Number(fields.NormEps, 0, 1) ?? family.NormEps,
            Norm = family.Norm,
            NormPlacement = family.NormPlacement,
            QueryKeyNorm = family.QueryKeyNorm,
            ParallelResidual = family.ParallelResidual is { } parallel && (config.Bool("use_parallel_residual") ?? parallel),
            LearnedPositions = family.LearnedPositions,
            RotaryDimension = rope.Dimension,
            RopeTheta = rope.Theta,
            RopeScaling = rope.Scaling,
            LocalRopeTheta = rope.LocalTheta,
            AttentionScale = 1 / Math.Sqrt(family.QueryScalar is { } scalar ? config.Number("query_pre_attn_scalar", 1e-3, MaxWidth) ?? scalar : headDimension),
            AttentionSoftCap = SoftCap(config, "attn_logit_softcapping", family.SoftCaps?.Attention),
            LogitSoftCap = SoftCap(config, "final_logit_softcapping", family.SoftCaps?.Logits),
            ScalesEmbedding = family.ScalesEmbedding,
            AttentionBias = family.AttentionBias?.QueryKeyValue ?? attentionBias,
            AttentionOutputBias = family.AttentionBias?.Output ?? attentionBias,
            MlpBias = family.MlpBias ?? config.Bool("mlp_bias") ?? false,
            IsGated = family.IsGated,
            Experts = experts,
            TieWordEmbeddings = config.Bool("tie_word_embeddings") ?? family.TieWordEmbeddings,
            Activation = ReadActivation(config, family),
        };
    }

    private static int IntermediateSize(JsonSection config, ConfigFields fields, int hidden) =>
        config.Int(fields.IntermediateSize, 1, MaxIntermediate) ?? (fields.IntermediateFactor is { } factor ? factor * hidden
            : throw config.Error(fields.IntermediateSize, $"is missing; expected a whole number from 1 to {MaxIntermediate}"));

    private static int HeadDimension(JsonSection config, DecoderFamily family, int hidden, int heads)
    {
        int dimension;
        if ((config.Int("head_dim", 2, MaxHeadDimension) ?? family.HeadDimension) is { } given) dimension = given;
        else if (hidden % heads == 0) dimension = hidden / heads;
        else throw config.Error("head_dim", $"is missing, and {family.Fields.HiddenSize} ({hidden}) is not a multiple of {family.Fields.Heads} ({heads})");
        if ((long)dimension * heads > MaxIntermediate) throw config.Error("head_dim", $"{dimension} times {family.Fields.Heads} ({heads}) is more than {MaxIntermediate}");
        return dimension;
    }

    // Null switches a cap off; only an absent field has the default.
    private static double? SoftCap(JsonSection config, string field, double? byDefault) => config.Has(field) ? config.Number(field, 1e-3, MaxCap) : byDefault;

    private static ExpertShape? ReadExperts(JsonSection config, DecoderFamily family)
    {
        if (family.Experts is not { } fields) return null;
        // transformers 5 calls all of them num_local_experts; published Qwen3-MoE files say num_experts.
        string count = config.Has("num_local_experts") ? "num_local_experts" : "num_experts";
        int experts = config.RequireInt(count, 1, MaxExperts);
        int perToken = config.RequireInt("num_experts_per_tok", 1, MaxExperts);
        if (perToken > experts) throw config.Error("num_experts_per_tok", $"is {perToken}; there are {experts} experts");
        bool renormalise = fields.AlwaysRenormalises || (config.Bool("norm_topk_prob") ?? false);
        return new ExpertShape(experts, perToken, config.RequireInt(fields.IntermediateSize, 1, MaxIntermediate), renormalise);
    }

    private static Activation ReadActivation(JsonSection config, DecoderFamily family)
    {
        string field = family.Fields.Activation, name = config.String(field) ?? family.Activation;
        return DecoderFamily.Activations.TryGetValue(name, out var activation) ? activation
            : throw config.Error(field, $"\"{name}\" is not supported; supported: {string.Join(", ", DecoderFamily.Activations.Keys)}");
    }

    private static void RefuseUnsupported(JsonSection config, DecoderFamily family)
    {
        if (config.TryGet("architectures", out var architectures) && architectures.ValueKind == JsonValueKind.Array && architectures.GetArrayLength() > 0
            && !architectures.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.String && item.ValueEquals(family.Architecture)))
            throw config.Error("architectures", $"{architectures[0].GetRawText()} is not supported; supported: {family.Architecture}");
        if (config.TryGet("quantization_config", out _)) throw config.Error("quantization_config", "quantised checkpoints of this kind are not supported; supported weights: F32, F16, BF16, or a GGUF file");
        foreach (var (field, accepted) in family.Refused)
            if (config.Bool(field) is { } value && value != accepted) throw config.Error(field, $"only {(accepted ? "true" : "false")} is supported");
    }
}
