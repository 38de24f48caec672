using System.Collections.Immutable;
using Steering.Engine.Interventions;

namespace SteeringServer.Features.Vectors;

/// <summary>One version of a vector in the catalog and the aliases that point at it.</summary>
internal sealed record CatalogEntry(SteeringVector Vector, ImmutableArray<string> Aliases)
{
    public const string Production = "prod";
}
