using System.Runtime.InteropServices;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Models;
using Steering.Engine.Sampling;
using Steering.Engine.Scheduling;

namespace Steering.Engine.Running;

/// <summary>
/// Runs the model over a batch, draws next tokens on all compute threads and publishes events. The border between sequences and tensors. Engine thread only; a step allocates nothing unless log-probabilities of
/// several tokens are asked for.
/// </summary>
internal sealed class ModelRunner : IDisposable
{
    // Drawing from fewer logits than this is not worth another thread.
    private const int LogitsPerThread = 8192;

    private readonly Decoder _decoder;
    private readonly ComputePool _pool;
    private readonly int _vocabularySize;
    private readonly Workspace[] _workspaces;
    private readonly TokenEvent[] _events;
    private readonly GCHandle _self;
    private Batch? _batch;
    private int _workspacesTaken;

    public ModelRunner(Decoder decoder, ComputePool pool, int vocabularySize)
    {
        (_decoder, _pool, _vocabularySize) = (decoder, pool, vocabularySize);
        _workspaces = [.. Enumerable.Range(0, pool.Threads).Select(_ => new Workspace(new Sampler(vocabularySize), new float[vocabularySize]))];
        _events = new TokenEvent[decoder.MaxLogitRows];
        _self = GCHandle.Alloc(this);
    }

    /// <summary>What a thread draws with.</summary>
    private sealed record Workspace(Sampler Sampler, float[] Logits);

    public void Run(Batch batch)
    {
        _decoder.Forward(batch);
        _batch = batch;
        for (int first = 0; first < batch.Logits.Count; first += _decoder.MaxLogitRows)
        {
            var rows = CollectionsMarshal.AsSpan(batch.Logits).Slice(first, Math.Min(_decoder.MaxLogitRows, batch.Logits.Count - first));
            var logits = _decoder.Logits(rows);
            _workspacesTaken = 0;
            _pool.Run(new ReadLogitsJob(_self, logits, first), rows.Length, Math.Max(1, LogitsPerThread / _vocabularySize));
            for (int i = 0; i < rows.Length; i++)
            {
                if (!_events[i].IsPrompt) rows[i].Sequence.Append(_events[i].Token);
                rows[i].Sequence.Generation.Publish(_events[i]);
                _events[i] = default!; // it belongs to its reader now
            }
        }
    }

    /// <summary>Makes the events of rows [first, last) of a slice of logits.</summary>
    private readonly struct ReadLogitsJob(GCHandle runner, TensorView logits, int firstRow) : IJob
    {
        public void Run(int first, int last)
        {
            var self = (ModelRunner)runner.Target!;
            var workspace = self._workspaces[Interlocked.Increment(ref self._workspacesTaken) - 1];
            for (int i = first; i < last; i++)
            {
                var row = self._batch!.Logits[firstRow + i];
                self._events[i] = row.Next < row.Sequence.Count ? Score(row, logits.Row(i)) : Draw(row, logits.Row(i), workspace);
            }
        }
    }

    private static TokenEvent Score(LogitsRow row, ReadOnlySpan<float> logits)
    {
        int token = row.Sequence.Tokens[row.Next];
        var (logprob, top) = Scores(logits, token, row.Sequence.Request.PromptLogprobs!.Value);
        return new TokenEvent { Token = token, IsPrompt = true, Logprob = logprob, Top = top };
    }

    private static TokenEvent Draw(LogitsRow row, Span<float> logits, Workspace workspace)
    {
        var sequence = row.Sequence;
        var request = sequence.Request;
        var raw = logits;
        if (request.Logprobs is not null)
        {
            // The sampler works in place; log-probabilities are those of the raw logits (docs/decisions.md 7).
            logits.CopyTo(workspace.Logits);
            logits = workspace.Logits;
        }
        if (sequence.GeneratedCount < request.MinTokens)
            foreach (int stop in request.StopTokens.AsSpan()) logits[stop] = float.NegativeInfinity;
        int token = workspace.Sampler.Sample(logits, request.Sampling, sequence.Counts, row.Next);
        var (logprob, top) = request.Logprobs is { } count ? Scores(raw, token, count) : (float.NaN, null);
        return new TokenEvent { Token = token, Logprob = logprob, Top = top };
    }

    private static (float Logprob, ScoredToken[]? Top) Scores(ReadOnlySpan<float> logits, int token, int count)
    {
        double logSumExp = LogSoftmax.LogSumExp(logits);
        ScoredToken[]? top = count > 0 ? new ScoredToken[Math.Min(count, logits.Length)] : null;
        if (top is not null) LogSoftmax.Top(logits, top.Length, top, logSumExp);
        return (LogSoftmax.Score(logits, token, logSumExp), top);
    }

    public void Dispose() => _self.Free();
}
