using System.Collections.Immutable;
using Steering.Compute;

namespace Steering.Engine.Models;

/// <summary>A norm's weight and bias; a bias without rows is none, a weight without rows says that the norm is not there.</summary>
internal readonly record struct NormWeights(TensorView Weight, TensorView Bias)
{
    public bool IsThere => Weight.Rows > 0;
}

/// <summary>A projection; a bias without rows is no bias.</summary>
internal readonly record struct LinearWeights(WeightMatrix Matrix, TensorView Bias);

/// <summary>One MLP, or one expert.</summary>
/// <param name="GateUp">Gate and up stacked, [2 intermediate, hidden]; without a gate [intermediate, hidden].</param>
/// <param name="Down">[hidden, intermediate].</param>
internal sealed record MlpWeights(LinearWeights GateUp, LinearWeights Down);

/// <summary>The weights of one block in the backend's layout.</summary>
internal sealed record BlockWeights
{
    public required NormWeights AttentionNorm { get; init; }

    /// <summary>Query, key and value projections stacked: [queryWidth + 2 keyValueWidth, hidden].</summary>
    public required LinearWeights QueryKeyValue { get; init; }

    /// <summary>Of each head, or of all heads together; without rows where the family has none.</summary>
    public required TensorView QueryNorm { get; init; }
    public required TensorView KeyNorm { get; init; }
    public required LinearWeights AttentionOutput { get; init; }

    /// <summary>Of what attention adds.</summary>
    public required NormWeights AttentionPostNorm { get; init; }
    public required NormWeights MlpNorm { get; init; }

    /// <summary>Null: the block is a mixture of experts.</summary>
    public MlpWeights? Mlp { get; init; }

    /// <summary>[experts, hidden]; null: the block is no mixture.</summary>
    public WeightMatrix? Router { get; init; }
    public ImmutableArray<MlpWeights> Experts { get; init; } = [];

    /// <summary>Of what the MLP adds.</summary>
    public required NormWeights MlpPostNorm { get; init; }
}
