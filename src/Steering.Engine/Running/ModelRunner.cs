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
        int token = sequence.Tokens[row.Next];
        sequence.Generation.Publish(new TokenEvent { Token = token, IsPrompt = true, Logprob = LogSoftmax.Score(logits, token), Top = Top(logits, sequence.Request.PromptLogprobs) });
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
        float logprob = request.Logprobs is null ? float.NaN : LogSoftmax.Score(raw, token);
        var top = request.Logprobs is null ? null : Top(raw, request.Logprobs);
        sequence.Append(token);
        sequence.Generation.Publish(new TokenEvent { Token = token, Logprob = logprob, Top = top });
    }

    private static ScoredToken[]? Top(ReadOnlySpan<float> logits, int? count)
    {
        if (count is not > 0) return null;
        var top = new ScoredToken[Math.Min(count.Value, logits.Length)];
        LogSoftmax.Top(logits, top.Length, top);
        return top;
    }
}
