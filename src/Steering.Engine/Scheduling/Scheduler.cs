namespace Steering.Engine.Scheduling;

/// <summary>Tokens [First, First + Count) of a sequence, to be computed in this step.</summary>
public readonly record struct ScheduledChunk(Sequence Sequence, int First, int Count);

/// <summary>
/// Decides who runs. Every running sequence that decodes gets its one token; what is left of the step's budget goes to prompts, oldest first, in chunks. A waiting
/// sequence is admitted when a place and KV blocks for its whole length are free, strictly in order of arrival. Never sees a tensor. Engine thread only.
/// </summary>
public sealed class Scheduler(BlockAllocator blocks, int maxRunning, int tokensPerStep)
{
    private readonly Queue<Sequence> _waiting = new();
    private readonly List<Sequence> _running = new(maxRunning);
    private readonly List<ScheduledChunk> _chunks = new(maxRunning);

    public int WaitingCount => _waiting.Count;
    public IReadOnlyList<Sequence> Running => _running;

    public void Enqueue(Sequence sequence) => _waiting.Enqueue(sequence);

    /// <summary>Moves waiting sequences to running; those that were cancelled while waiting are handed to <paramref name="dropped"/>.</summary>
    public void Admit(Action<Sequence> admitted, Action<Sequence> dropped)
    {
        while (_waiting.TryPeek(out var sequence))
        {
            if (sequence.Generation.IsCancelled)
            {
                dropped(_waiting.Dequeue());
                continue;
            }
            if (_running.Count == maxRunning || !blocks.TryAllocate(sequence.Blocks)) return;
            _running.Add(_waiting.Dequeue());
            admitted(sequence);
        }
    }

    /// <summary>The chunks of the next step; valid until the next call.</summary>
    public IReadOnlyList<ScheduledChunk> Schedule()
    {
        _chunks.Clear();
        int budget = tokensPerStep;
        foreach (var sequence in _running)
        {
            if (sequence.Pending != 1) continue;
            if (budget == 0) break;
            _chunks.Add(new ScheduledChunk(sequence, sequence.Computed, 1));
            budget--;
        }
        foreach (var sequence in _running)
        {
            if (budget == 0) break;
            if (sequence.Pending <= 1) continue;
            int count = Math.Min(budget, sequence.Pending);
            _chunks.Add(new ScheduledChunk(sequence, sequence.Computed, count));
            budget -= count;
        }
        return _chunks;
    }

    /// <summary>Takes a sequence out of the running ones and frees its blocks.</summary>
    public void Remove(Sequence sequence)
    {
        if (_running.Remove(sequence)) blocks.Release(sequence.Blocks);
    }

    /// <summary>Takes one sequence that waits, for shutting down; null when none does.</summary>
    public Sequence? TakeWaiting() => _waiting.TryDequeue(out var sequence) ? sequence : null;
}
