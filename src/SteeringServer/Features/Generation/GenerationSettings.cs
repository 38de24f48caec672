using System.Collections.Immutable;
using Steering.Engine.Generation;

namespace SteeringServer.Features.Generation;

/// <summary>What a chat and a text completion request have in common, after parsing. Null: not said.</summary>
internal sealed record GenerationSettings
{
    /// <summary>As the request wrote it; answers repeat it.</summary>
    public required string Model { get; init; }

    public bool Stream { get; init; }

    /// <summary><c>stream_options.include_usage</c>.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>Choices for each prompt.</summary>
    public int Choices { get; init; } = 1;

    public int? MaxTokens { get; init; }

    /// <summary>Name of the field that set <see cref="MaxTokens"/>, for messages.</summary>
    public string MaxTokensField { get; init; } = "max_tokens";

    public int MinTokens { get; init; }
    public bool IgnoreEos { get; init; }
    public ImmutableArray<string> Stop { get; init; } = [];
    public ImmutableArray<int> StopTokens { get; init; } = [];

    /// <summary>Log-probabilities of generated tokens, and of how many alternatives; null: none.</summary>
    public int? Logprobs { get; init; }

    /// <summary>With defaults filled in and the seed fixed; the choice is set for each sequence.</summary>
    public SamplingParameters Sampling { get; init; } = new();

    /// <summary>Whether special tokens written out in text count as such.</summary>
    public bool? ParseSpecial { get; init; }
}
