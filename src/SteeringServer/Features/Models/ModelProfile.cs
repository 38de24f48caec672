using System.Collections.Immutable;
using Steering.Engine.Loading;
using SteeringServer.Features.Vectors;

namespace SteeringServer.Features.Models;

/// <summary>What reading a request needs to know about the model it is for.</summary>
internal sealed record ModelProfile
{
    public required string Name { get; init; }

    /// <summary>The names of all models of the server.</summary>
    public required ImmutableArray<string> Names { get; init; }

    /// <summary>Token ids are below it.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Sampling settings for requests that say nothing.</summary>
    public GenerationDefaults Defaults { get; init; } = new();

    /// <summary>Whether it can chat.</summary>
    public bool HasTemplate { get; init; }

    /// <summary>Whether its chat template does anything with tools.</summary>
    public bool TakesTools { get; init; }

    /// <summary>Sequences that a single request may ask for.</summary>
    public required int MostSequences { get; init; }

    /// <summary>The vectors as they were when the request came.</summary>
    public required VectorCatalog Catalog { get; init; }
}
