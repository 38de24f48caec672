namespace Steering.Engine.Tokenization.Models;

/// <summary>
/// A map from pairs of numbers to numbers, none of them negative; open addressing, a pair and its value side by side, since the look-ups of merges and tries
/// are most of what encoding takes. The hash is seeded by the process, so no file can be made to collide.
/// </summary>
internal sealed class PairTable
{
    private struct Entry
    {
        public int Left;
        public int Right;
        public int Value;   // + 1: 0 is an empty place
    }

    private Entry[] _entries = new Entry[16];
    private int _count;

    /// <summary>The value of a pair, -1 if it has none.</summary>
    public int Find(int left, int right)
    {
        ref var entry = ref Place(_entries, left, right);
        return entry.Value - 1;
    }

    /// <summary>Sets the value of a pair.</summary>
    public void Set(int left, int right, int value)
    {
        if (_count * 2 >= _entries.Length) Grow();
        ref var entry = ref Place(_entries, left, right);
        if (entry.Value == 0) _count++;
        entry = new Entry { Left = left, Right = right, Value = value + 1 };
    }

    private void Grow()
    {
        var entries = new Entry[_entries.Length * 2];
        foreach (var entry in _entries)
            if (entry.Value != 0) Place(entries, entry.Left, entry.Right) = entry;
        _entries = entries;
    }

    // Where a pair is or belongs.
    private static ref Entry Place(Entry[] entries, int left, int right)
    {
        int at = HashCode.Combine(left, right) & (entries.Length - 1);
        while (true)
        {
            ref var entry = ref entries[at];
            if (entry.Value == 0 || (entry.Left == left && entry.Right == right)) return ref entry;
            at = (at + 1) & (entries.Length - 1);
        }
    }
}
