using System.Collections.Immutable;

namespace Steering.Methods.Extraction;

/// <summary>A prompt with an answer that is wanted and one that is not, as tokens; none of the three is empty.</summary>
public sealed record PreferencePair(ImmutableArray<int> Prompt, ImmutableArray<int> Preferred, ImmutableArray<int> Dispreferred)
{
    /// <summary>Tokens of the longer text.</summary>
    public int Longest => Prompt.Length + Math.Max(Preferred.Length, Dispreferred.Length);

    /// <summary>Prompt and answer.</summary>
    public ImmutableArray<int> Text(bool isPreferred) => [.. Prompt, .. isPreferred ? Preferred : Dispreferred];
}
