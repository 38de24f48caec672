using System.Collections.Immutable;
using Steering.Engine.Interventions;

namespace Steering.Engine.Vectors;

/// <summary>What is known about a file of a vector beside its bytes.</summary>
public sealed record ImportOptions
{
    /// <summary>For messages; and CAA's files have their layer in it (<c>vec_layer_13_….pt</c>).</summary>
    public required string FileName { get; init; }

    /// <summary>What the sender says it is; null to go by the content alone. The extension is never looked at.</summary>
    public VectorFormat? Format { get; init; }

    /// <summary>Name of a <see cref="VectorConvention"/>; null to recognise it.</summary>
    public string? Convention { get; init; }

    /// <summary>Where the rows of an array belong that does not say so itself, one per row. A role follows from the rows: there are only directions.</summary>
    public ImmutableArray<Site> Sites { get; init; } = [];

    /// <summary>Transformer blocks of the model it is for; null if not known. It tells an array of blocks from one of hidden states.</summary>
    public int? Blocks { get; init; }

    /// <summary>Width of that model's residual stream; null if not known.</summary>
    public int? Width { get; init; }
}
