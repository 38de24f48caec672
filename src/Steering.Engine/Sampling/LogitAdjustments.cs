using Steering.Engine.Generation;

namespace Steering.Engine.Sampling;

/// <summary>The changes to logits that come before temperature: bias, frequency and presence penalties, repetition penalty, in this order.</summary>
internal static class LogitAdjustments
{
    /// <summary>Changes the logits in place. Tokens beyond the vocabulary have no logit to change.</summary>
    /// <param name="counts">May be null where no penalty is set.</param>
    public static void Apply(Span<float> logits, SamplingParameters parameters, TokenCounts? counts)
    {
        if (!parameters.LogitBias.IsEmpty)
        {
            foreach (var (token, bias) in parameters.LogitBias)
                if ((uint)token < (uint)logits.Length) logits[token] += bias;
        }
        if (counts is null || !TokenCounts.AreNeeded(parameters)) return;
        foreach (var (token, generated) in counts.All)
        {
            if ((uint)token >= (uint)logits.Length) continue;
            double logit = logits[token];
            // OpenAI's penalties: generated tokens only.
            if (generated > 0) logit -= parameters.FrequencyPenalty * generated + parameters.PresencePenalty;
            // Keskar et al. 2019 (CTRL), as transformers has it: prompt and generation, and away from what is seen whatever the sign.
            logit = logit > 0 ? logit / parameters.RepetitionPenalty : logit * parameters.RepetitionPenalty;
            logits[token] = (float)logit;
        }
    }
}
