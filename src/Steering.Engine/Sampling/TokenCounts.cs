using System.Runtime.InteropServices;
using Steering.Engine.Generation;

namespace Steering.Engine.Sampling;

/// <summary>
/// Which tokens one sequence holds, and how often it generated them: what penalties look at. Belongs to the engine thread. Only sequences with a penalty have one
/// (<see cref="AreNeeded"/>).
/// </summary>
public sealed class TokenCounts
{
    // How often each token of the prompt or the generation was generated: 0 for those that are only in the prompt.
    private readonly Dictionary<int, int> _generated;

    /// <param name="prompt">The prompt's tokens.</param>
    /// <param name="maxTokens">Room for this many generated tokens is made now, so that <see cref="Add"/> allocates nothing for them.</param>
    public TokenCounts(ReadOnlySpan<int> prompt, int maxTokens = 0)
    {
        _generated = new Dictionary<int, int>(prompt.Length + maxTokens);
        foreach (int token in prompt) _generated[token] = 0;
    }

    /// <summary>Whether these parameters look at earlier tokens at all.</summary>
    public static bool AreNeeded(SamplingParameters parameters) => parameters is not { FrequencyPenalty: 0, PresencePenalty: 0, RepetitionPenalty: 1 };

    /// <summary>Counts a generated token.</summary>
    public void Add(int token) => CollectionsMarshal.GetValueRefOrAddDefault(_generated, token, out _)++;

    /// <summary>How often a token was generated; the prompt does not count.</summary>
    public int Generated(int token) => _generated.GetValueOrDefault(token);

    /// <summary>Every token of the sequence, with how often it was generated.</summary>
    internal Dictionary<int, int> All => _generated;
}
