namespace Steering.Engine.Tokenization.Models;

/// <summary>
/// Merges the symbols of one word: always the pair of lowest rank, of those the leftmost, until none is left. Symbols are a linked list and candidate pairs
/// a heap, so a word of n symbols takes n log n. Kept by a thread from word to word.
/// </summary>
internal sealed class MergeQueue(MergeTable merges)
{
    private int[] _ids = new int[64];
    private int[] _bytes = new int[64];
    private int[] _previous = new int[64];
    private int[] _next = new int[64];
    private ulong[] _heap = new ulong[64];   // rank << 32 | position of the left symbol
    private int _count;
    private int _queued;

    /// <summary>Memory it would keep if it were kept, in symbols.</summary>
    public int Capacity => _ids.Length;

    public void Clear() => _count = _queued = 0;

    /// <summary>Appends a symbol that stands for a number of bytes.</summary>
    public void Add(int id, int bytes)
    {
        if (_count == _ids.Length)
        {
            int size = _count * 2;
            Array.Resize(ref _ids, size);
            Array.Resize(ref _bytes, size);
            Array.Resize(ref _previous, size);
            Array.Resize(ref _next, size);
        }
        (_ids[_count], _bytes[_count], _previous[_count], _next[_count]) = (id, bytes, _count - 1, _count + 1);
        _count++;
    }

    /// <summary>Merges; the result is read by <see cref="Next"/>.</summary>
    public void Run()
    {
        for (int i = 0; i + 1 < _count; i++) Consider(i, i + 1);
        while (_queued > 0)
        {
            ulong top = Pop();
            int left = (int)(uint)top, right = _next[left];
            // Out of date: one of the two has been merged with another since.
            int rank = (int)(top >> 32);
            if (_bytes[left] < 0 || right >= _count || merges.Rank(_ids[left], _ids[right]) != rank) continue;
            _ids[left] = merges.Id(rank);
            _bytes[left] += _bytes[right];
            _bytes[right] = -1;
            _next[left] = _next[right];
            if (_next[left] < _count)
            {
                _previous[_next[left]] = left;
                Consider(left, _next[left]);
            }
            if (_previous[left] >= 0) Consider(_previous[left], left);
        }
    }

    /// <summary>The symbols from position 0 on: false past the last; <paramref name="position"/> moves to the next.</summary>
    public bool Next(ref int position, out int id, out int bytes)
    {
        bool isThere = position < _count;
        (id, bytes) = isThere ? (_ids[position], _bytes[position]) : (-1, 0);
        if (isThere) position = _next[position];
        return isThere;
    }

    private void Consider(int left, int right)
    {
        int rank = merges.Rank(_ids[left], _ids[right]);
        if (rank < 0) return;
        if (_queued == _heap.Length) Array.Resize(ref _heap, _queued * 2);
        ulong entry = ((ulong)(uint)rank << 32) | (uint)left;
        int at = _queued++;
        while (at > 0 && _heap[(at - 1) / 2] > entry)
        {
            _heap[at] = _heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        _heap[at] = entry;
    }

    private ulong Pop()
    {
        ulong top = _heap[0], last = _heap[--_queued];
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= _queued) break;
            if (child + 1 < _queued && _heap[child + 1] < _heap[child]) child++;
            if (_heap[child] >= last) break;
            _heap[at] = _heap[child];
            at = child;
        }
        _heap[at] = last;
        return top;
    }
}
