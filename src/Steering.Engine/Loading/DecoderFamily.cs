using System.Collections.Immutable;
using Steering.Compute;

namespace Steering.Engine.Loading;

/// <summary>Which blocks attend within a window where config.json has no layer_types.</summary>
internal enum WindowPattern
{
    /// <summary>None: a sliding_window is refused.</summary>
    None,
    /// <summary>Every block.</summary>
    All,
    /// <summary>Those from max_window_layers on, and only with use_sliding_window.</summary>
    Upper,
    /// <summary>All but every n-th, n = sliding_window_pattern.</summary>
    AllButEveryNth,
}

/// <summary>
/// One row per model_type that can be loaded (<see cref="DecoderFamilies"/>): its architecture class, how it differs from Llama, and what transformers assumes for fields that a config.json
/// leaves out. The decoder is written once; a family is a row (docs/models.md).
/// </summary>
internal sealed record DecoderFamily
{
    public required string ModelType { get; init; }

    /// <summary>The class whose checkpoints have a language-model head.</summary>
    public required string Architecture { get; init; }

    // Defaults of fields, from transformers' configuration classes.
    public required int MaxPositions { get; init; }
    public required double NormEps { get; init; }
    public double RopeTheta { get; init; } = 10000;
    public bool TieWordEmbeddings { get; init; }

    /// <summary>Default of head_dim; null: hidden_size / num_attention_heads.</summary>
    public int? HeadDimension { get; init; }
    public string Activation { get; init; } = "silu";

    // What the family computes differently from Llama.
    public NormKind Norm { get; init; } = NormKind.RmsNorm;
    public NormPlacement NormPlacement { get; init; } = NormPlacement.Before;
    public QueryKeyNorm QueryKeyNorm { get; init; } = QueryKeyNorm.None;

    /// <summary>Biases of query, key and value and of the attention output; null: both as attention_bias says.</summary>
    public (bool QueryKeyValue, bool Output)? AttentionBias { get; init; }

    /// <summary>Default of attention_bias.</summary>
    public bool AttentionBiasByDefault { get; init; }

    /// <summary>Null: as mlp_bias says, which is false by default.</summary>
    public bool? MlpBias { get; init; } = false;
    public bool IsGated { get; init; } = true;
    public bool LearnedPositions { get; init; }
    public bool ScalesEmbedding { get; init; }

    /// <summary>Default of use_parallel_residual; null: the family has no such field.</summary>
    public bool? ParallelResidual { get; init; }

    /// <summary>Default of query_pre_attn_scalar, whose inverse square root scales attention; null: the head's width does.</summary>
    public double? QueryScalar { get; init; }

    /// <summary>Defaults of attn_logit_softcapping and final_logit_softcapping; null in the row: the family has no such fields.</summary>
    public (double? Attention, double? Logits)? SoftCaps { get; init; }

    /// <summary>Field and default of the part of a head that is turned; null: all of it.</summary>
    public (string Field, double Default)? PartialRotary { get; init; }

    /// <summary>Whether rope scaling of the kind longrope may be asked for, with a default of the original context; null: no.</summary>
    public int? LongRopeContext { get; init; }

    /// <summary>Default of rope_local_base_freq, for blocks that attend within a window; null: all blocks use the same frequencies.</summary>
    public double? LocalRopeTheta { get; init; }

    /// <summary>Default of no_rope_layer_interval: every n-th block does not rotate; null: all do.</summary>
    public int? UnrotatedInterval { get; init; }

    public WindowPattern Windows { get; init; } = WindowPattern.None;

    /// <summary>Default of sliding_window; null: no window.</summary>
    public int? Window { get; init; }

    /// <summary>Default of sliding_window_pattern.</summary>
    public int WindowInterval { get; init; } = 2;

    /// <summary>Null: the family has no experts.</summary>
    public ExpertFields? Experts { get; init; }

    public ConfigFields Fields { get; init; } = new();
    public TensorNames Tensors { get; init; } = new();

    /// <summary>Fields that change the computation in a way which is not implemented, with the only value that is accepted.</summary>
    public ImmutableArray<(string Field, bool Accepted)> Refused { get; init; } = [];

    /// <summary>The activations a config.json may name.</summary>
    public static readonly ImmutableSortedDictionary<string, Activation> Activations = new Dictionary<string, Activation>
    {
        ["silu"] = Compute.Activation.Silu, ["swish"] = Compute.Activation.Silu,
        ["gelu"] = Compute.Activation.Gelu,
        ["gelu_new"] = Compute.Activation.GeluTanh, ["gelu_fast"] = Compute.Activation.GeluTanh, ["gelu_pytorch_tanh"] = Compute.Activation.GeluTanh,
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);
}

/// <summary>What a family's config.json calls the fields that all have.</summary>
internal sealed record ConfigFields
{
    public string HiddenSize { get; init; } = "hidden_size";
    public string IntermediateSize { get; init; } = "intermediate_size";

    /// <summary>Default of the intermediate size in hidden sizes; null: the field must be there.</summary>
    public int? IntermediateFactor { get; init; }
    public string Blocks { get; init; } = "num_hidden_layers";
    public string Heads { get; init; } = "num_attention_heads";
    public string MaxPositions { get; init; } = "max_position_embeddings";
    public string NormEps { get; init; } = "rms_norm_eps";
    public string RopeTheta { get; init; } = "rope_theta";
    public string Activation { get; init; } = "hidden_act";
}

/// <summary>What a family's config.json says of its experts, and what it assumes.</summary>
/// <param name="IntermediateSize">The field with an expert's width.</param>
/// <param name="AlwaysRenormalises">Whether the weights of a token's experts add up to 1 whatever norm_topk_prob says.</param>
/// <param name="HasDenseBlocks">Whether mlp_only_layers and decoder_sparse_step may make blocks dense.</param>
internal sealed record ExpertFields(string IntermediateSize, bool AlwaysRenormalises, bool HasDenseBlocks);
