using System.Collections.Immutable;
using SteeringServer.Features.Steering;

namespace SteeringServer.Features.Generation;

/// <summary>A parsed <c>POST /v1/completions</c>.</summary>
/// <param name="Prompts">At least one; n choices are made of each.</param>
/// <param name="Echo">Whether answers begin with the prompt.</param>
/// <param name="AddSpecialTokens">Whether text prompts get the tokenizer's special tokens (BOS).</param>
internal sealed record CompletionRequest(GenerationSettings Settings, ImmutableArray<CompletionPrompt> Prompts, bool Echo, bool AddSpecialTokens, SteeringRequest Steering);

/// <summary>A prompt as text, or (where <paramref name="Text"/> is null) as token ids.</summary>
internal sealed record CompletionPrompt(string Path, string? Text, ImmutableArray<int> Tokens);
