using System.Collections.Immutable;
using Steering.Compute;
using Steering.Engine.Interventions;

namespace Steering.Engine.Generation;

/// <summary>One sequence to generate: tokens in, tokens out. Immutable; text, choices and stop strings belong to the caller.</summary>
public sealed record GenerationRequest
{
    /// <summary>For logs; one request with n choices submits n of these.</summary>
    public required string Id { get; init; }

    /// <summary>At least one token.</summary>
    public required ImmutableArray<int> Prompt { get; init; }

    /// <summary>At most this many tokens are generated; 0 scores the prompt only. Prompt + this must fit the context.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>End-of-sequence tokens are not sampled before this many tokens were.</summary>
    public int MinTokens { get; init; }

    /// <summary>Tokens that end the sequence; they are reported, with <see cref="FinishReason.Stop"/>. Empty: ignore_eos.</summary>
    public ImmutableArray<int> StopTokens { get; init; } = [];

    public SamplingParameters Sampling { get; init; } = new();

    public InterventionPlan Plan { get; init; } = InterventionPlan.Empty;

    /// <summary>Log-probability of each generated token and of the n best; null: none are computed.</summary>
    public int? Logprobs { get; init; }

    /// <summary>The same for the prompt's tokens from the second on; null: none.</summary>
    public int? PromptLogprobs { get; init; }

    /// <summary>Activations to copy out (docs/decisions.md 19).</summary>
    public ImmutableArray<CaptureRequest> Captures { get; init; } = [];
}

/// <summary>Copies the activation at a site for positions [First, End) into rows of <see cref="Destination"/>.</summary>
/// <param name="Site">Where.</param>
/// <param name="First">First position.</param>
/// <param name="Destination">[positions, width of the site]; belongs to the caller, and is complete when the sequence has finished.</param>
/// <param name="BeforeEdits">The activation as the model made it, rather than as edits left it.</param>
public sealed record CaptureRequest(Site Site, int First, TensorView Destination, bool BeforeEdits = false);

/// <summary>How the next token is drawn. Order: bias, penalties, temperature, top_k, top_p, min_p (shared reference: golden/sampling).</summary>
public sealed record SamplingParameters
{
    /// <summary>0 is greedy.</summary>
    public double Temperature { get; init; } = 1;
    /// <summary>Keep the smallest set of tokens whose probability reaches this; 1 keeps all.</summary>
    public double TopP { get; init; } = 1;
    /// <summary>Keep the k best; 0 keeps all. Ties at the border are all kept.</summary>
    public int TopK { get; init; }
    /// <summary>Keep tokens at least this share of the best one's probability; 0 keeps all.</summary>
    public double MinP { get; init; }
    public double FrequencyPenalty { get; init; }
    public double PresencePenalty { get; init; }
    /// <summary>Divides positive and multiplies negative logits of tokens seen in prompt or generation; 1 is none.</summary>
    public double RepetitionPenalty { get; init; } = 1;
    /// <summary>Added to the logits of these tokens.</summary>
    public ImmutableSortedDictionary<int, float> LogitBias { get; init; } = ImmutableSortedDictionary<int, float>.Empty;
    /// <summary>Draws are a function of (Seed, Choice, position) alone.</summary>
    public ulong Seed { get; init; }
    public int Choice { get; init; }
}

/// <summary>Why a sequence ended.</summary>
public enum FinishReason
{
    /// <summary>A stop token was sampled.</summary>
    Stop,
    /// <summary>MaxTokens were generated.</summary>
    Length,
    /// <summary>The caller left.</summary>
    Cancelled,
    /// <summary>The engine failed; <see cref="TokenEvent.Error"/> says how.</summary>
    Error,
}

/// <summary>A token and its log-probability (log-softmax of the raw logits, before penalties and temperature).</summary>
public readonly record struct ScoredToken(int Id, float Logprob);

/// <summary>
/// What the engine tells about a sequence, in order: prompt tokens (only with PromptLogprobs), then generated tokens, and last one event with a <see cref="Finish"/>
/// and no token.
/// </summary>
public readonly record struct TokenEvent
{
    /// <summary>The token, or -1 in the last event.</summary>
    public required int Token { get; init; }

    /// <summary>True for a token of the prompt (its log-probability was asked for). The first prompt token has NaN: nothing precedes it.</summary>
    public bool IsPrompt { get; init; }

    /// <summary>NaN where log-probabilities were not asked for.</summary>
    public float Logprob { get; init; }

    /// <summary>The n best tokens at this position, best first; null where not asked for.</summary>
    public ScoredToken[]? Top { get; init; }

    /// <summary>Set in the last event only.</summary>
    public FinishReason? Finish { get; init; }

    /// <summary>Set in the last event only: what was steered.</summary>
    public SteeringCounts? Steered { get; init; }

    /// <summary>Set with <see cref="FinishReason.Error"/>.</summary>
    public string? Error { get; init; }
}

/// <summary>Positions the kernel actually edited, per use of the plan, counted as the batches were built.</summary>
public sealed record SteeringCounts(ImmutableArray<int> PromptTokens, ImmutableArray<int> GeneratedTokens);
