using System.Collections.Immutable;
using Steering.Engine.Interventions;

namespace SteeringServer.Features.Generation;

/// <summary>A prompt as tokens.</summary>
/// <param name="Path">The field it came from, for messages.</param>
/// <param name="Tokens">At least one.</param>
/// <param name="Layout">What position rules need to know.</param>
/// <param name="Text">What echo repeats; null where it was not asked for.</param>
/// <param name="Offsets">Where each token's text begins in <paramref name="Text"/>, in code points; empty where not needed.</param>
internal sealed record PreparedPrompt(string Path, ImmutableArray<int> Tokens, PromptLayout Layout, string? Text, ImmutableArray<int> Offsets);
