using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>A request's steering recipe after parsing and resolving names; uses act in list order within a site.</summary>
public sealed record SteeringSpec(ImmutableArray<VectorUse> Use)
{
    public static SteeringSpec None { get; } = new([]);
}
