using System.Collections.Immutable;
using Steering.Engine.Interventions;

namespace Steering.Engine.Gradients;

/// <summary>A token whose log-probability counts in an objective.</summary>
/// <param name="Position">The position whose logits speak about it; those of position p are about the token at p + 1.</param>
/// <param name="Token">Its id.</param>
/// <param name="Weight">What its log-probability is multiplied by.</param>
public readonly record struct GradientTarget(int Position, int Token, double Weight = 1)
{
    /// <summary>The targets of an answer: its tokens from <paramref name="first"/> on, each at the position before it.</summary>
    /// <param name="tokens">Prompt and answer.</param>
    /// <param name="lastTokenOnly">GrAInS's released form: the last token alone, at its own position.</param>
    public static ImmutableArray<GradientTarget> OfAnswer(ImmutableArray<int> tokens, int first, double weight, bool lastTokenOnly) =>
        lastTokenOnly ? [new GradientTarget(tokens.Length - 1, tokens[^1], weight)] : [.. Enumerable.Range(first, tokens.Length - first).Select(at => new GradientTarget(at - 1, tokens[at], weight))];
}

/// <summary>A whole sequence and its objective: the weighted sum of log-probabilities of its targets.</summary>
public sealed record GradientSequence
{
    /// <summary>The tokens; their embeddings are given apart, so that they can be others.</summary>
    public required ImmutableArray<int> Tokens { get; init; }

    /// <summary>Tokens of the prompt: where edits of generated positions begin.</summary>
    public required int PromptLength { get; init; }

    /// <summary>Edits that are active while the objective is computed.</summary>
    public InterventionPlan Plan { get; init; } = InterventionPlan.Empty;

    public required ImmutableArray<GradientTarget> Targets { get; init; }
}
