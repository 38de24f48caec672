using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>One use of a vector: which, how strongly, where in the network, when in the text.</summary>
public sealed record VectorUse
{
    /// <summary>Field path of this use in the request (<c>steering.use[0]</c>): prefix of every problem reported about it.</summary>
    public required string Path { get; init; }

    /// <summary>The vector, resolved against one snapshot of the catalog (or built from an inline tensor).</summary>
    public required SteeringVector Vector { get; init; }

    /// <summary>How the request wrote it, for the receipt: <c>cheerful@prod</c>.</summary>
    public required string Reference { get; init; }

    /// <summary>Null: 1 for most operations; rotate by an angle has no default.</summary>
    public double? Strength { get; init; }

    /// <summary>Null: the vector's own unit.</summary>
    public StrengthUnit? Unit { get; init; }

    /// <summary>Where to act; empty: every site the vector has tensors for.</summary>
    public ImmutableArray<SiteSelector> Sites { get; init; } = [];

    public Operation Operation { get; init; } = Operation.Add;
    public OperationParameters Parameters { get; init; } = OperationParameters.None;
    public PositionRule Apply { get; init; } = PositionRule.Everywhere;
    public Schedule Schedule { get; init; } = Schedule.Constant;
    public Renormalise Renormalise { get; init; }
}
