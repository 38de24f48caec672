namespace Steering.Engine.Interventions;

/// <summary>
/// Interns directions: as long as somebody holds a <see cref="DirectionTensor"/>, whoever asks for the same key gets that instance, so requests with one vector
/// at different strengths share its row in device memory. Holds nothing alive itself: entries vanish with their last plan. Any thread.
/// </summary>
public sealed class DirectionCache
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DirectionKey, WeakReference<DirectionTensor>> _entries = [];
    private int _sweepAt = 64;

    /// <summary>Entries, those whose tensor is gone and was not yet swept included.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _entries.Count;
        }
    }

    /// <summary>The live tensor of a key, or a new one.</summary>
    /// <param name="create">Called outside the lock, possibly by several threads at once, of which one result wins.
    /// Null where the tensors cannot be prepared: nothing is kept.</param>
    public DirectionTensor? GetOrCreate(DirectionKey key, Func<DirectionTensor?> create)
    {
        if (Find(key) is { } known) return known;
        if (create() is not { } created) return null;
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var entry) && entry.TryGetTarget(out var first)) return first;
            _entries[key] = new WeakReference<DirectionTensor>(created);
            // Sweeping when the number has doubled since the last sweep costs a constant per insertion and bounds dead entries by the live ones.
            if (_entries.Count >= _sweepAt) SweepLocked();
            return created;
        }
    }

    /// <summary>Drops the entries whose tensor is gone.</summary>
    public void Sweep()
    {
        lock (_lock) SweepLocked();
    }

    private DirectionTensor? Find(DirectionKey key)
    {
        lock (_lock) return _entries.TryGetValue(key, out var entry) && entry.TryGetTarget(out var tensor) ? tensor : null;
    }

    private void SweepLocked()
    {
        foreach (var (key, entry) in _entries)
            if (!entry.TryGetTarget(out _)) _entries.Remove(key);
        _sweepAt = Math.Max(64, 2 * _entries.Count);
    }
}
