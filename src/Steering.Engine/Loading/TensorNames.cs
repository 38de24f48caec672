using System.Collections.Immutable;

namespace Steering.Engine.Loading;

/// <summary>What a family calls its tensors, without <c>.weight</c> and <c>.bias</c>; Llama's names where nothing else is said. A null norm is one that the family does not have.</summary>
internal sealed record TensorNames
{
    /// <summary>Stands before every name, or before none: some checkpoints were saved from the model without its head.</summary>
    public string OptionalPrefix { get; init; } = "";

    public string Embedding { get; init; } = "model.embed_tokens";
    public string? Positions { get; init; }

    /// <summary>Followed by the block's number and a dot.</summary>
    public string Block { get; init; } = "model.layers.";
    public string FinalNorm { get; init; } = "model.norm";
    public string Head { get; init; } = "lm_head";

    public string? AttentionNorm { get; init; } = "input_layernorm";
    public string? AttentionPostNorm { get; init; }
    public string? MlpNorm { get; init; } = "post_attention_layernorm";
    public string? MlpPostNorm { get; init; }

    /// <summary>Query, key and value; a single name: they are stacked in the file.</summary>
    public ImmutableArray<string> QueryKeyValue { get; init; } = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];

    /// <summary>The stacked rows go head by head, each with its query, key and value (GPT-NeoX), rather than all queries first.</summary>
    public bool InterleavesHeads { get; init; }

    public string QueryNorm { get; init; } = "self_attn.q_norm";
    public string KeyNorm { get; init; } = "self_attn.k_norm";
    public string AttentionOutput { get; init; } = "self_attn.o_proj";

    /// <summary>Gate and up; a single name: they are stacked in the file, or there is no gate.</summary>
    public ImmutableArray<string> GateUp { get; init; } = ["mlp.gate_proj", "mlp.up_proj"];
    public string Down { get; init; } = "mlp.down_proj";

    public string Router { get; init; } = "mlp.gate";

    /// <summary>Followed by the expert's number and a dot.</summary>
    public string Expert { get; init; } = "mlp.experts.";
    public ImmutableArray<string> ExpertGateUp { get; init; } = ["gate_proj", "up_proj"];
    public string ExpertDown { get; init; } = "down_proj";

    /// <summary>Projections within blocks are stored [inputs, outputs] (GPT-2's Conv1D).</summary>
    public bool IsTransposed { get; init; }

    /// <summary>Ends of names that are no weights: buffers which old versions of transformers saved.</summary>
    public static readonly ImmutableArray<string> Buffers = [".rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", ".attention.bias", ".attention.masked_bias"];
}
