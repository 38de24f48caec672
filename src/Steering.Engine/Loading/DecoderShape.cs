using Steering.Compute;

namespace Steering.Engine.Loading;

/// <summary>How the residual stream and what is added to it are normalised.</summary>
public enum NormKind
{
    /// <summary>x / sqrt(mean(x^2) + eps) * weight.</summary>
    RmsNorm,
    /// <summary>The same with 1 + weight (Gemma).</summary>
    RmsNormPlusOne,
    /// <summary>(x - mean(x)) / sqrt(variance(x) + eps) * weight + bias.</summary>
    LayerNorm,
}

/// <summary>Where a block's norms stand.</summary>
public enum NormPlacement
{
    /// <summary>Before attention and before the MLP.</summary>
    Before,
    /// <summary>After each of them only, before what they add is added (OLMo 2).</summary>
    After,
    /// <summary>Both (Gemma 2 and 3).</summary>
    BeforeAndAfter,
}

/// <summary>Which part of queries and keys an RmsNorm of their own runs over, before rotation.</summary>
public enum QueryKeyNorm
{
    None,
    /// <summary>Each head.</summary>
    Head,
    /// <summary>All heads together.</summary>
    Projection,
}

/// <summary>Which rotary frequencies a block turns queries and keys by.</summary>
public enum BlockRotation
{
    Main,
    /// <summary>Those of <see cref="DecoderShape.LocalRopeTheta"/>.</summary>
    Local,
    /// <summary>It does not turn them.</summary>
    None,
}

/// <summary>What one block does differently from its neighbours.</summary>
/// <param name="Rotation">Of queries and keys.</param>
/// <param name="Window">Positions that a token attends to, its own included; 0: all before it.</param>
/// <param name="HasExperts">Its MLP is a mixture of experts.</param>
public readonly record struct BlockShape(BlockRotation Rotation = BlockRotation.Main, int Window = 0, bool HasExperts = false);

/// <summary>A mixture of experts.</summary>
/// <param name="Count">Experts.</param>
/// <param name="PerToken">Experts a token uses.</param>
/// <param name="IntermediateSize">Width between the halves of one.</param>
/// <param name="Renormalise">Whether the weights of the experts that are used add up to 1.</param>
public sealed record ExpertShape(int Count, int PerToken, int IntermediateSize, bool Renormalise);

/// <summary>
/// Everything about a decoder that decides how it computes: its sizes and the choices its family leaves open. Sizes are positive and small enough that
/// no product of three of them overflows 64 bits. Two folders that describe the same model in different forms give equal shapes.
/// </summary>
public sealed record DecoderShape
{
    /// <summary>The family, as config.json names it (<c>llama</c>).</summary>
    public required string ModelType { get; init; }

    /// <summary>Rows of the embedding table.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width between the MLP's halves, in blocks that are no mixture of experts.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Transformer blocks.</summary>
    public int Blocks => BlockShapes.Count;

    /// <summary>What differs from block to block.</summary>
    public required ValueList<BlockShape> BlockShapes { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; divides <see cref="Heads"/>.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of a head; Heads * HeadDimension need not be HiddenSize.</summary>
    public required int HeadDimension { get; init; }

    /// <summary>Tokens of context.</summary>
    public required int MaxPositions { get; init; }

    public required double NormEps { get; init; }
    public NormKind Norm { get; init; } = NormKind.RmsNorm;
    public NormPlacement NormPlacement { get; init; } = NormPlacement.Before;
    public QueryKeyNorm QueryKeyNorm { get; init; } = QueryKeyNorm.None;

    /// <summary>Whether attention and MLP read the same residual stream and are added to it together (GPT-NeoX).</summary>
    public bool ParallelResidual { get; init; }

    /// <summary>Whether a learned vector for each position is added to the embedding (GPT-2).</summary>
    public bool LearnedPositions { get; init; }

    /// <summary>Values of a head that are turned, even; the rest stays. 0 where no block rotates.</summary>
    public required int RotaryDimension { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public required double RopeTheta { get; init; }

    public required RopeScaling RopeScaling { get; init; }

    /// <summary>Base of the unscaled frequencies of blocks with <see cref="BlockRotation.Local"/>; null: there are none.</summary>
    public double? LocalRopeTheta { get; init; }

    /// <summary>Factor of attention scores.</summary>
    public required double AttentionScale { get; init; }

    /// <summary>c: attention scores become c tanh(score / c).</summary>
    public double? AttentionSoftCap { get; init; }

    /// <summary>c: logits become c tanh(logit / c).</summary>
    public double? LogitSoftCap { get; init; }

    /// <summary>Whether embeddings are multiplied by sqrt(HiddenSize) (Gemma).</summary>
    public bool ScalesEmbedding { get; init; }

    /// <summary>Whether query, key and value projections have biases.</summary>
    public required bool AttentionBias { get; init; }

    /// <summary>Whether the attention output projection has a bias.</summary>
    public required bool AttentionOutputBias { get; init; }

    /// <summary>Whether the MLP projections have biases.</summary>
    public required bool MlpBias { get; init; }

    /// <summary>Whether the MLP is down(act(gate) * up) rather than down(act(up)).</summary>
    public bool IsGated { get; init; } = true;

    /// <summary>Null: no block is a mixture of experts.</summary>
    public ExpertShape? Experts { get; init; }

    /// <summary>Whether the output head is the embedding table.</summary>
    public required bool TieWordEmbeddings { get; init; }

    public required Activation Activation { get; init; }

    /// <summary>Sizes of a block's attention.</summary>
    public AttentionShape AttentionShape => new(Heads, KeyValueHeads, HeadDimension);

    /// <summary>What embeddings are multiplied by. transformers computes it in the model's type; ours is f32 (docs/decisions.md 1).</summary>
    public float EmbeddingScale => ScalesEmbedding ? MathF.Sqrt(HiddenSize) : 1;

    /// <summary>How a block attends.</summary>
    public AttentionRule AttentionRuleOf(int block) => new((float)AttentionScale, BlockShapes[block].Window, (float)(AttentionSoftCap ?? 0));

    /// <summary>Width of the concatenated query heads.</summary>
    public int QueryWidth => Heads * HeadDimension;

    /// <summary>Width of the concatenated key (or value) heads.</summary>
    public int KeyValueWidth => KeyValueHeads * HeadDimension;
}
