namespace Steering.Engine.Loading;

/// <summary>The activation between the two halves of an MLP.</summary>
public enum Activation
{
    /// <summary>x * sigmoid(x).</summary>
    Silu,
}

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

    /// <summary>Width between the MLP's halves.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Transformer blocks.</summary>
    public required int Blocks { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; divides <see cref="Heads"/>.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of a head, even; Heads * HeadDimension need not be HiddenSize.</summary>
    public required int HeadDimension { get; init; }

    /// <summary>Tokens of context.</summary>
    public required int MaxPositions { get; init; }

    public required double RmsNormEps { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public required double RopeTheta { get; init; }

    public required RopeScaling RopeScaling { get; init; }

    /// <summary>Whether the four attention projections have biases.</summary>
    public required bool AttentionBias { get; init; }

    /// <summary>Whether the three MLP projections have biases.</summary>
    public required bool MlpBias { get; init; }

    /// <summary>Whether the output head is the embedding table.</summary>
    public required bool TieWordEmbeddings { get; init; }

    public required Activation Activation { get; init; }

    /// <summary>Width of the concatenated query heads.</summary>
    public int QueryWidth => Heads * HeadDimension;

    /// <summary>Width of the concatenated key (or value) heads.</summary>
    public int KeyValueWidth => KeyValueHeads * HeadDimension;
}
