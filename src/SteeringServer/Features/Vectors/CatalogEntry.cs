using System.Collections.Immutable;
using Steering.Engine.Interventions;

namespace SteeringServer.Features.Vectors;

/// <summary>One version of a vector in the catalog and the aliases that point at it.</summary>
internal sealed record CatalogEntry(SteeringVector Vector, ImmutableArray<string> Aliases)
{
    /// <summary>The alias that a name alone means.</summary>
    public const string Production = "prod";

    /// <summary>Came with the model.</summary>
    public const string Shipped = "shipped";

    /// <summary>Was registered at runtime.</summary>
    public const string Uploaded = "upload";

    /// <summary><see cref="Shipped"/> or <see cref="Uploaded"/>.</summary>
    public string Origin { get; init; } = Uploaded;

    public DateTimeOffset Created { get; init; }

    /// <summary>When it was archived; null while it is served. Requests never see an archived version.</summary>
    public DateTimeOffset? Archived { get; init; }
}
