namespace Steering.Engine.Scheduling;

/// <summary>
/// Hands out KV blocks. Groups are ranges of layers with block tables of their own; there is one today, and more when layers below the first steered site
/// are shared between strengths (docs/decisions.md 20). Engine thread only.
/// </summary>
public sealed class BlockAllocator
{
    private readonly int[][] _free;
    private readonly int[] _freeCounts;

    public BlockAllocator(int blocks, int groups = 1)
    {
        Blocks = blocks;
        _free = new int[groups][];
        _freeCounts = new int[groups];
        for (int g = 0; g < groups; g++)
        {
            _free[g] = new int[blocks];
            // Low numbers first: an idle server's next request reuses pages that are in memory already.
            for (int i = 0; i < blocks; i++) _free[g][i] = blocks - 1 - i;
            _freeCounts[g] = blocks;
        }
    }

    public int Blocks { get; }

    public int Free(int group = 0) => _freeCounts[group];

    /// <summary>Fills <paramref name="blocks"/> with free block numbers, or takes none and returns false.</summary>
    public bool TryAllocate(Span<int> blocks, int group = 0)
    {
        if (blocks.Length > _freeCounts[group]) return false;
        foreach (ref int block in blocks) block = _free[group][--_freeCounts[group]];
        return true;
    }

    public void Release(ReadOnlySpan<int> blocks, int group = 0)
    {
        for (int i = blocks.Length - 1; i >= 0; i--) _free[group][_freeCounts[group]++] = blocks[i];
    }
}
