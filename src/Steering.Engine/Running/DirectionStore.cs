using Steering.Compute;
using Steering.Engine.Interventions;

namespace Steering.Engine.Running;

/// <summary>
/// Directions in device memory, one copy per <see cref="DirectionTensor"/> however many sequences use it with whatever strengths; freed with its last user. Engine thread only.
/// </summary>
internal sealed class DirectionStore : IDisposable
{
    private readonly Dictionary<DirectionTensor, Entry> _entries = new(ReferenceEqualityComparer.Instance);

    private sealed class Entry(DeviceBuffer buffer)
    {
        public DeviceBuffer Buffer => buffer;
        public int Users { get; set; }
    }

    public int Count => _entries.Count;

    /// <summary>Binds a plan's edits to device memory; every call is matched by one of <see cref="Release"/>.</summary>
    public PreparedEdit[] Prepare(InterventionPlan plan, SiteTable sites)
    {
        var edits = new PreparedEdit[plan.Edits.Length];
        var seen = new HashSet<int>();
        for (int i = 0; i < edits.Length; i++)
        {
            var edit = plan.Edits[i];
            edits[i] = new PreparedEdit(edit, sites.IndexOf(edit.Site), Acquire(edit.Directions), CountsUse: seen.Add(edit.Use));
        }
        return edits;
    }

    public void Release(InterventionPlan plan)
    {
        foreach (var edit in plan.Edits)
        {
            var entry = _entries[edit.Directions];
            if (--entry.Users > 0) continue;
            entry.Buffer.Dispose();
            _entries.Remove(edit.Directions);
        }
    }

    private nint Acquire(DirectionTensor directions)
    {
        if (!_entries.TryGetValue(directions, out var entry))
        {
            int stride = TensorView.Padded(directions.Columns);
            entry = new Entry(new DeviceBuffer((long)directions.Rows * stride * sizeof(float)));
            for (int row = 0; row < directions.Rows; row++)
                directions.Values.Slice(row * directions.Columns, directions.Columns).CopyTo(entry.Buffer.Span<float>()[(row * stride)..]);
            _entries.Add(directions, entry);
        }
        entry.Users++;
        return entry.Buffer.Address;
    }

    public void Dispose()
    {
        foreach (var entry in _entries.Values) entry.Buffer.Dispose();
        _entries.Clear();
    }
}
