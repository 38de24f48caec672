using System.Runtime.InteropServices;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Models;
using Steering.Engine.Sampling;
using Steering.Engine.Scheduling;

namespace Steering.Engine.Running;

/// <summary>Runs the model over a batch, draws next tokens and publishes events. The border between sequences and tensors. Engine thread only; a step allocates nothing unless log-probabilities of several tokens are asked for.</summary>
internal sealed class ModelRunner(Decoder decoder, int vocabularySize)
{
    private readonly Sampler _sampler = new(vocabularySize);
    private readonly float[] _scratch = new float[vocabularySize];

    public void Run(Batch batch)
    {
        decoder.Forward(batch);
        var rows = CollectionsMarshal.AsSpan(batch.Logits);
        for (int first = 0; first < rows.Length; first += decoder.MaxLogitRows)
        {
            var slice = rows.Slice(first, Math.Min(decoder.MaxLogitRows, rows.Length - first));
            var logits = decoder.Logits(slice);
            for (int i = 0; i < slice.Length; i++)
            {
                if (slice[i].Next < slice[i].Sequence.Count) Score(slice[i], logits.Row(i));
                else Draw(slice[i], logits.Row(i));
            }
        }
    }

    private static void Score(LogitsRow row, ReadOnlySpan<float> logits)
    {
        var sequence = row.Sequence;
        var (logprob, top) = Scores(logits, sequence.Tokens[row.Next], sequence.Request.PromptLogprobs!.Value);
        sequence.Generation.Publish(new TokenEvent { Token = sequence.Tokens[row.Next], IsPrompt = true, Logprob = logprob, Top = top });
    }

    private void Draw(LogitsRow row, Span<float> logits)
    {
        var sequence = row.Sequence;
        var request = sequence.Request;
        var raw = logits;
        if (request.Logprobs is not null)
        {
            // The sampler works in place; log-probabilities are those of the raw logits (docs/decisions.md 7).
            logits.CopyTo(_scratch);
            logits = _scratch;
        }
        if (sequence.GeneratedCount < request.MinTokens)
            foreach (int stop in request.StopTokens.AsSpan()) logits[stop] = float.NegativeInfinity;
        int token = _sampler.Sample(logits, request.Sampling, sequence.Counts, row.Next);
        var (logprob, top) = request.Logprobs is { } count ? Scores(raw, token, count) : (float.NaN, null);
        sequence.Append(token);
        sequence.Generation.Publish(new TokenEvent { Token = token, Logprob = logprob, Top = top });
    }

    private static (float Logprob, ScoredToken[]? Top) Scores(ReadOnlySpan<float> logits, int token, int count)
    {
        double logSumExp = LogSoftmax.LogSumExp(logits);
        ScoredToken[]? top = count > 0 ? new ScoredToken[Math.Min(count, logits.Length)] : null;
        if (top is not null) LogSoftmax.Top(logits, top.Length, top, logSumExp);
        return (LogSoftmax.Score(logits, token, logSumExp), top);
    }
}
