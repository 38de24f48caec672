using Steering.Engine.Generation;

namespace SteeringServer.Features.Generation;

/// <summary>What happened to one sequence of a request since the last update of it.</summary>
internal readonly record struct ChoiceUpdate
{
    /// <summary>Nothing happened for a while: time for a sign of life on the connection.</summary>
    public static ChoiceUpdate Heartbeat { get; } = new() { Index = -1, Text = "" };

    /// <summary>The choice, counted over all prompts; -1 for <see cref="Heartbeat"/>.</summary>
    public required int Index { get; init; }

    /// <summary>The sequence runs without steering, for comparison.</summary>
    public bool IsUnsteered { get; init; }

    /// <summary>New text; may be empty.</summary>
    public required string Text { get; init; }

    /// <summary>Tokens since the last update; null where log-probabilities were not asked for.</summary>
    public IReadOnlyList<ScoredPiece>? Logprobs { get; init; }

    /// <summary>Set in the last update of a sequence.</summary>
    public ChoiceEnd? End { get; init; }
}

/// <summary>How a sequence ended.</summary>
/// <param name="Reason">Stop or Length; Error with <paramref name="Error"/> set.</param>
/// <param name="Tokens">Tokens generated, up to the one that completed a stop string.</param>
/// <param name="Steered">Positions steered.</param>
internal sealed record ChoiceEnd(FinishReason Reason, int Tokens, SteeringCounts? Steered, string? Error = null);
