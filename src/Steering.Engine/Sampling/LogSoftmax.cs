using Steering.Engine.Generation;

namespace Steering.Engine.Sampling;

/// <summary>
/// Log-probabilities of raw logits (docs/decisions.md 7), computed in double precision in a fixed order: the same logits give the same bits everywhere.
/// A logit that is NaN counts as -infinity, and has log-probability -infinity.
/// </summary>
public static class LogSoftmax
{
    /// <summary>The logarithm of the sum of the exponentials: what <see cref="Score(ReadOnlySpan{float}, int, double)"/> and Top share.</summary>
    public static double LogSumExp(ReadOnlySpan<float> logits) => Exponentials.LogSumExp(logits);

    /// <summary>The log-probability of a token.</summary>
    public static float Score(ReadOnlySpan<float> logits, int token) => Score(logits, token, LogSumExp(logits));

    /// <summary>The log-probability of a token, given <see cref="LogSumExp"/> of the logits.</summary>
    public static float Score(ReadOnlySpan<float> logits, int token, double logSumExp) => Logprob(logits[token], logSumExp);

    /// <summary>The n best tokens, best first, the smaller id of equals first. Returns how many there are: n, or the vocabulary if that is smaller.</summary>
    /// <param name="logits">One per token.</param>
    /// <param name="n">How many are wanted.</param>
    /// <param name="destination">At least n.</param>
    public static int Top(ReadOnlySpan<float> logits, int n, ScoredToken[] destination) => Top(logits, n, destination, LogSumExp(logits));

    /// <summary>The n best tokens, given <see cref="LogSumExp"/> of the logits.</summary>
    public static int Top(ReadOnlySpan<float> logits, int n, ScoredToken[] destination, double logSumExp)
    {
        var best = destination.AsSpan(0, Math.Min(n, logits.Length));
        int count = 0;
        // While they are being found, Logprob holds the logit. Few tokens pass the first comparison, so inserting is cheap.
        for (int token = 0; token < logits.Length && best.Length > 0; token++)
        {
            float logit = float.IsNaN(logits[token]) ? float.NegativeInfinity : logits[token];
            if (count == best.Length && !(logit > best[^1].Logprob)) continue;
            int at = count < best.Length ? count++ : count - 1;
            for (; at > 0 && logit > best[at - 1].Logprob; at--) best[at] = best[at - 1];
            best[at] = new ScoredToken(token, logit);
        }
        foreach (ref var scored in best) scored = scored with { Logprob = Logprob(scored.Logprob, logSumExp) };
        return count;
    }

    private static float Logprob(float logit, double logSumExp) => logit switch
    {
        float.NaN or float.NegativeInfinity => float.NegativeInfinity,
        // Only an infinite logit makes the sum infinite, and beside it the others have no probability.
        float.PositiveInfinity => 0,
        _ => (float)(logit - logSumExp),
    };
}
