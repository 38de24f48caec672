using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>Positions a vector acts on: an intersection of phase, windows, spans and token ids, minus exclusions. All null: every position, BOS included.</summary>
public sealed record PositionRule
{
    public static PositionRule Everywhere { get; } = new();

    /// <summary>Whether prompt positions are steered.</summary>
    public bool Prompt { get; init; } = true;

    public GenerationPhase Generation { get; init; } = GenerationPhase.All;

    /// <summary>Half-open window of prompt positions; negative counts from the prompt's end; null end means the prompt's end.</summary>
    public (int Start, int? End)? PromptWindow { get; init; }

    /// <summary>Half-open window of generated positions, 0 is the first generated token.</summary>
    public (int Start, int? End)? GenerationWindow { get; init; }

    /// <summary>Half-open spans of prompt positions, negative from the prompt's end; a prompt position must lie in one of them.</summary>
    public ImmutableArray<(int Start, int? End)> Spans { get; init; } = [];

    /// <summary>Only positions whose token is one of these; empty means any.</summary>
    public ImmutableArray<int> Tokens { get; init; } = [];

    /// <summary>Leave out beginning-of-sequence tokens at the start of the prompt.</summary>
    public bool ExcludeBos { get; init; }

    /// <summary>Leave out prompt tokens that come from the chat template rather than from a message's content.</summary>
    public bool ExcludeTemplate { get; init; }

    /// <summary>Leave out the first n positions.</summary>
    public int ExcludeFirst { get; init; }
}
