using System.Collections.Immutable;

namespace Steering.Engine.Loading;

/// <summary>The families that can be loaded, each as its differences from Llama. Sources: transformers, models/&lt;family&gt;/configuration_*.py and modeling_*.py. docs/models.md shows how to add one.</summary>
internal static class DecoderFamilies
{
    private static readonly TensorNames FourNorms = new()
    {
        AttentionPostNorm = "post_attention_layernorm", MlpNorm = "pre_feedforward_layernorm", MlpPostNorm = "post_feedforward_layernorm",
    };

    private static readonly DecoderFamily Qwen2 = new()
    {
        ModelType = "qwen2", Architecture = "Qwen2ForCausalLM", MaxPositions = 32768, NormEps = 1e-6,
        AttentionBias = (QueryKeyValue: true, Output: false), Windows = WindowPattern.Upper, Window = 4096,
    };

    private static readonly DecoderFamily Qwen3 = Qwen2 with
    {
        ModelType = "qwen3", Architecture = "Qwen3ForCausalLM", AttentionBias = null, HeadDimension = 128, QueryKeyNorm = QueryKeyNorm.Head,
    };

    private static readonly DecoderFamily Gemma2 = new()
    {
        ModelType = "gemma2", Architecture = "Gemma2ForCausalLM", MaxPositions = 8192, NormEps = 1e-6, TieWordEmbeddings = true, HeadDimension = 256,
        Activation = "gelu_pytorch_tanh", Fields = new() { Activation = "hidden_activation" },
        Norm = NormKind.RmsNormPlusOne, NormPlacement = NormPlacement.BeforeAndAfter, Tensors = FourNorms,
        ScalesEmbedding = true, QueryScalar = 256, SoftCaps = (50, 30), Windows = WindowPattern.AllButEveryNth, Window = 4096, WindowInterval = 2,
        Refused = [("use_bidirectional_attention", false)],
    };

    private static readonly DecoderFamily Mistral = new()
    {
        ModelType = "mistral", Architecture = "MistralForCausalLM", MaxPositions = 131072, NormEps = 1e-6, Windows = WindowPattern.All, Window = 4096,
    };

    public static readonly ImmutableArray<DecoderFamily> All =
    [
        new() { ModelType = "llama", Architecture = "LlamaForCausalLM", MaxPositions = 2048, NormEps = 1e-6, MlpBias = null },
        Mistral,
        Mistral with
        {
            ModelType = "mixtral", Architecture = "MixtralForCausalLM", NormEps = 1e-5, RopeTheta = 1e6, Window = null,
            Experts = new("intermediate_size", AlwaysRenormalises: true, HasDenseBlocks: false),
            Tensors = new() { Router = "block_sparse_moe.gate", Expert = "block_sparse_moe.experts.", ExpertGateUp = ["w1", "w3"], ExpertDown = "w2" },
        },
        Qwen2,
        Qwen3,
        Qwen3 with
        {
            ModelType = "qwen3_moe", Architecture = "Qwen3MoeForCausalLM", HeadDimension = null,
            Experts = new("moe_intermediate_size", AlwaysRenormalises: false, HasDenseBlocks: true),
        },
        Gemma2,
        Gemma2 with
        {
            ModelType = "gemma3_text", Architecture = "Gemma3ForCausalLM", MaxPositions = 131072, RopeTheta = 1e6, LocalRopeTheta = 10000,
            QueryKeyNorm = QueryKeyNorm.Head, SoftCaps = (null, null), WindowInterval = 6,
        },
        new()
        {
            ModelType = "phi3", Architecture = "Phi3ForCausalLM", MaxPositions = 4096, NormEps = 1e-5, AttentionBias = (false, false),
            Windows = WindowPattern.All, LongRopeContext = 4096, PartialRotary = ("partial_rotary_factor", 1),
            Tensors = new() { QueryKeyValue = ["self_attn.qkv_proj"], GateUp = ["mlp.gate_up_proj"] },
        },
        new()
        {
            ModelType = "gpt2", Architecture = "GPT2LMHeadModel", MaxPositions = 1024, NormEps = 1e-5, TieWordEmbeddings = true, Activation = "gelu_new",
            Norm = NormKind.LayerNorm, LearnedPositions = true, IsGated = false, AttentionBias = (true, true), MlpBias = true,
            Fields = new()
            {
                HiddenSize = "n_embd", IntermediateSize = "n_inner", IntermediateFactor = 4, Blocks = "n_layer", Heads = "n_head", MaxPositions = "n_positions",
                NormEps = "layer_norm_epsilon", Activation = "activation_function",
            },
            Refused = [("scale_attn_by_inverse_layer_idx", false), ("scale_attn_weights", true), ("add_cross_attention", false)],
            Tensors = new()
            {
                OptionalPrefix = "transformer.", IsTransposed = true, Embedding = "wte", Positions = "wpe", Block = "h.", FinalNorm = "ln_f", AttentionNorm = "ln_1", MlpNorm = "ln_2",
                QueryKeyValue = ["attn.c_attn"], AttentionOutput = "attn.c_proj", GateUp = ["mlp.c_fc"], Down = "mlp.c_proj",
            },
        },
        new()
        {
            ModelType = "gpt_neox", Architecture = "GPTNeoXForCausalLM", MaxPositions = 2048, NormEps = 1e-5, Activation = "gelu",
            Norm = NormKind.LayerNorm, IsGated = false, ParallelResidual = true, MlpBias = true, PartialRotary = ("rotary_pct", 0.25),
            AttentionBiasByDefault = true, Fields = new() { NormEps = "layer_norm_eps", RopeTheta = "rotary_emb_base" },
            Tensors = new()
            {
                Embedding = "gpt_neox.embed_in", Block = "gpt_neox.layers.", FinalNorm = "gpt_neox.final_layer_norm", Head = "embed_out",
                QueryKeyValue = ["attention.query_key_value"], InterleavesHeads = true, AttentionOutput = "attention.dense", GateUp = ["mlp.dense_h_to_4h"], Down = "mlp.dense_4h_to_h",
            },
        },
        new()
        {
            ModelType = "olmo2", Architecture = "Olmo2ForCausalLM", MaxPositions = 2048, NormEps = 1e-5,
            NormPlacement = NormPlacement.After, QueryKeyNorm = QueryKeyNorm.Projection,
            Tensors = new() { AttentionNorm = null, AttentionPostNorm = "post_attention_layernorm", MlpNorm = null, MlpPostNorm = "post_feedforward_layernorm" },
        },
        new()
        {
            ModelType = "smollm3", Architecture = "SmolLM3ForCausalLM", MaxPositions = 32768, NormEps = 1e-6, RopeTheta = 2e6, TieWordEmbeddings = true, MlpBias = null,
            UnrotatedInterval = 4, Windows = WindowPattern.Upper,
        },
    ];

    /// <summary>The names of all families, for messages.</summary>
    public static string Supported { get; } = string.Join(", ", All.Select(family => family.ModelType));

    /// <summary>The row of config.json's model_type.</summary>
    /// <exception cref="ModelFormatException">It is missing or no row has it.</exception>
    public static DecoderFamily Of(JsonSection config)
    {
        string modelType = config.String("model_type") ?? throw config.Error("model_type", $"is missing; supported: {Supported}");
        return All.FirstOrDefault(family => family.ModelType == modelType) ?? throw config.Error("model_type", $"\"{modelType}\" is not supported; supported: {Supported}");
    }

    /// <summary>The row a shape was read with.</summary>
    public static DecoderFamily Of(DecoderShape shape) => All.First(family => family.ModelType == shape.ModelType);
}
