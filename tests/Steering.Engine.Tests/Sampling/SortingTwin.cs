using Steering.Engine.Generation;
using Steering.Engine.Sampling;

namespace Steering.Engine.Tests.Sampling;

/// <summary>The slow twin of <see cref="Sampler"/>: the definition of every step in double precision, with a full sort.</summary>
internal static class SortingTwin
{
    public static double[] Probabilities(float[] logits, SamplingParameters parameters, TokenCounts counts)
    {
        float[] adjusted = [.. logits];
        foreach (var (token, bias) in parameters.LogitBias) adjusted[token] += bias;
        for (int token = 0; token < logits.Length; token++)
        {
            int generated = counts.Generated(token);
            if (generated > 0) adjusted[token] = (float)(adjusted[token] - parameters.FrequencyPenalty * generated - parameters.PresencePenalty);
            if (token is 1 or 2 || generated > 0) adjusted[token] = (float)(adjusted[token] > 0 ? adjusted[token] / parameters.RepetitionPenalty : adjusted[token] * parameters.RepetitionPenalty);
        }
        double max = adjusted.Max();
        double[] weights = [.. adjusted.Select(logit => Math.Exp((logit - max) / parameters.Temperature))];
        int[] order = [.. Enumerable.Range(0, logits.Length).OrderByDescending(token => adjusted[token]).ThenBy(token => token)];
        if (parameters.TopK > 0 && parameters.TopK < order.Length) order = [.. order.Where(token => adjusted[token] >= adjusted[order[parameters.TopK - 1]])];
        if (parameters.TopP < 1)
        {
            double mass = parameters.TopP * order.Sum(token => weights[token]), before = 0;
            int kept = 0;
            for (; kept < order.Length && (kept == 0 || before < mass); kept++) before += weights[order[kept]];
            order = order[..kept];
        }
        order = [.. order.Where(token => weights[token] >= parameters.MinP)];
        double sum = order.Sum(token => weights[token]);
        var probabilities = new double[logits.Length];
        foreach (int token in order) probabilities[token] = weights[token] / sum;
        return probabilities;
    }
}
