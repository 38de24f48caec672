using Steering.Engine.Sampling;

namespace Steering.Engine.Gradients;

/// <summary>The log-probability of a token and its gradient with respect to the logits, in double precision.</summary>
internal sealed class LogitObjective(int vocabularySize, double? softCap)
{
    private readonly double[] _weights = new double[vocabularySize];

    /// <summary>weight log softmax(logits)[token].</summary>
    /// <param name="logits">In: logits behind the model's soft cap. Out, if asked for: the gradient with respect to logits before it.</param>
    public double Value(Span<float> logits, int token, double weight, bool wantsGradient)
    {
        float max = Exponentials.Max(logits);
        for (int start = 0; start < logits.Length; start += Exponentials.BlockSize)
        {
            int length = Math.Min(Exponentials.BlockSize, logits.Length - start);
            Exponentials.Weigh(logits.Slice(start, length), max, 1, _weights.AsSpan(start, length));
        }
        // 1 - p as the sum of the others: from p itself nothing is left of it where p is close to 1.
        double own = _weights[token], others = 0;
        _weights[token] = 0;
        foreach (double other in _weights) others += other;
        double total = own + others, ratio = others / own;
        double logprob = ratio < 1e-6 ? -ratio : (double)logits[token] - max - Exponentials.Log(total);
        if (wantsGradient)
        {
            for (int i = 0; i < logits.Length; i++)
            {
                double slope = weight * (i == token ? others : -_weights[i]) / total;
                if (softCap is { } cap) slope *= 1 - logits[i] / cap * (logits[i] / cap);
                logits[i] = (float)slope;
            }
        }
        return weight * logprob;
    }
}
