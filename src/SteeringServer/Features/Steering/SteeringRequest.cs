using System.Collections.Immutable;
using Steering.Engine.Interventions;

namespace SteeringServer.Features.Steering;

/// <summary>The steering of one request after parsing, with every name resolved.</summary>
internal sealed record SteeringRequest
{
    public static SteeringRequest None { get; } = new();

    /// <summary>Whether the request spoke of steering at all; without it the answer has no receipt.</summary>
    public bool IsPresent { get; init; }

    public SteeringSpec Spec { get; init; } = SteeringSpec.None;

    /// <summary>Whether the answer carries the receipt.</summary>
    public bool WantsReceipt { get; init; } = true;

    /// <summary>Whether the answer carries the same generation without steering.</summary>
    public bool WantsUnsteered { get; init; }

    /// <summary>Resolve and answer with the plan; generate nothing.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Paths of the uses that named their sites by <c>layers</c>, so that problems can name the field that was sent.</summary>
    public ImmutableHashSet<string> PathsWithLayers { get; init; } = [];

    /// <summary>A problem of the engine, under the name of the field that the request used.</summary>
    public SteeringProblem AsSent(SteeringProblem problem)
    {
        int sites = problem.Path.LastIndexOf(".sites[", StringComparison.Ordinal);
        return sites >= 0 && PathsWithLayers.Contains(problem.Path[..sites])
            ? problem with { Path = $"{problem.Path[..sites]}.layers[{problem.Path[(sites + ".sites[".Length)..]}" } : problem;
    }
}
