namespace Steering.Compute;

/// <summary>
/// Lets those who share a <see cref="ComputePool"/> use it one after the other, in the order they asked: an engine takes a turn for each step, a load for each tensor (docs/decisions.md 34).
/// </summary>
/// <remarks>Not reentrant. Where nobody else asks, a turn costs two uncontended locks.</remarks>
public sealed class ComputeTurns
{
    private readonly object _gate = new();
    private long _next, _current;

    /// <summary>Waits for its turn.</summary>
    public void Enter()
    {
        lock (_gate)
        {
            long mine = _next++;
            while (_current != mine) Monitor.Wait(_gate);
        }
    }

    /// <summary>Ends the turn; the one who asked first goes on.</summary>
    public void Exit()
    {
        lock (_gate)
        {
            _current++;
            if (_current != _next) Monitor.PulseAll(_gate);
        }
    }
}
