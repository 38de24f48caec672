using System.Collections.Immutable;
using Steering.Engine.Interventions;

namespace Steering.Engine.Gradients;

/// <summary>A token whose log-probability counts in an objective.</summary>
/// <param name="Position">The position whose logits speak about it; those of position p are about the token at p + 1.</param>
/// <param name="Token">Its id.</param>
/// <param name="Weight">What its log-probability is multiplied by.</param>
public readonly record struct GradientTarget(int Position, int Token, double Weight = 1);

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
