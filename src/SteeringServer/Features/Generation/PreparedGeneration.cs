using System.Collections.Immutable;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using SteeringServer.Features.Steering;

namespace SteeringServer.Features.Generation;

/// <summary>A request that passed every check: nothing about it can fail any more except the engine.</summary>
internal sealed record PreparedGeneration
{
    /// <summary><c>chatcmpl-...</c> or <c>cmpl-...</c>.</summary>
    public required string Id { get; init; }
    public required GenerationSettings Settings { get; init; }
    public required SteeringRequest Steering { get; init; }
    public required ImmutableArray<PreparedPrompt> Prompts { get; init; }

    /// <summary>One plan a prompt.</summary>
    public required ImmutableArray<InterventionPlan> Plans { get; init; }

    /// <summary>Tokens to generate at most, one number a prompt.</summary>
    public required ImmutableArray<int> MaxTokens { get; init; }

    /// <summary>Tokens that end a sequence.</summary>
    public required ImmutableArray<int> StopTokens { get; init; }

    /// <summary>Whether answers begin with the prompt.</summary>
    public bool Echo { get; init; }

    /// <summary>Choices over all prompts.</summary>
    public int Choices => Prompts.Length * Settings.Choices;

    public int PromptOf(int choice) => choice / Settings.Choices;

    /// <summary>Tokens of all prompts, each counted once however many choices are made of it.</summary>
    public int PromptTokens => Prompts.Sum(prompt => prompt.Tokens.Length);

    /// <summary>The engine's request for one choice.</summary>
    public GenerationRequest RequestFor(int choice, bool isUnsteered)
    {
        int prompt = PromptOf(choice), withinPrompt = choice % Settings.Choices;
        return new GenerationRequest
        {
            Id = isUnsteered ? $"{Id}/{choice}/unsteered" : $"{Id}/{choice}",
            Prompt = Prompts[prompt].Tokens,
            MaxTokens = MaxTokens[prompt],
            MinTokens = Settings.MinTokens,
            StopTokens = StopTokens,
            Sampling = Settings.Sampling with { Choice = withinPrompt },
            Plan = isUnsteered ? InterventionPlan.Empty : Plans[prompt],
            Logprobs = Settings.Logprobs,
            PromptLogprobs = Echo ? Settings.Logprobs : null,
        };
    }
}
