namespace SteeringServer.Hosting;

/// <summary>Counts those who use a model's memory from threads of their own: it is given back when the last has left. Any thread.</summary>
internal sealed class ModelUsers : IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly object _gate = new();
    private int _users;

    /// <summary>Cancelled when the model is taken out of service: whoever uses it stops at the next good place.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>False where the model is taken out of service; else <see cref="Leave"/> follows.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_ending.IsCancellationRequested) return false;
            _users++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            _users--;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Asks those who are there to stop and lets nobody in.</summary>
    public void End()
    {
        _ending.Cancel();
    }

    /// <summary>Returns when nobody uses the model any more.</summary>
    public void Dispose()
    {
        End();
        lock (_gate)
            while (_users > 0) Monitor.Wait(_gate);
    }
}
