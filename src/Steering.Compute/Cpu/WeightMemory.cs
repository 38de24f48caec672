namespace Steering.Compute.Cpu;

/// <summary>
/// Memory for a model's matrices. Those of small models are smaller than a huge page (2 MiB); each on pages of its own they would lie on 4 KiB pages, every one of which misses the processor's translation
/// buffer when weights are read once a token (3% of decode). So they share blocks. A block goes back to the system with its last matrix; what nobody has written of it has cost nothing.
/// </summary>
internal sealed class WeightMemory
{
    // Smaller ones are not worth a page, larger ones fill pages of their own.
    private const long SharesFrom = 64 << 10, SharesTo = 16 << 20, BlockBytes = 64 << 20;
    private const int Alignment = 64;
    private readonly Lock _gate = new();
    private Block? _open;

    /// <summary>Of the blocks that some matrix lies in.</summary>
    public long ReservedBytes { get; private set; }

    /// <summary>So many zeroed bytes, aligned to a cache line.</summary>
    /// <exception cref="OutOfMemoryException">The system refused the memory.</exception>
    public Part Take(long bytes)
    {
        lock (_gate)
        {
            if (bytes is < SharesFrom or >= SharesTo) return new Part(this, Reserve(bytes), 0, bytes);
            if (_open is null || _open.Used + bytes > BlockBytes) _open = Reserve(BlockBytes);
            var part = new Part(this, _open, _open.Used, bytes);
            _open.Used += (bytes + Alignment - 1) / Alignment * Alignment;
            return part;
        }
    }

    private Block Reserve(long bytes)
    {
        var block = new Block(bytes);
        ReservedBytes += bytes;
        return block;
    }

    private void GiveBack(Block block)
    {
        lock (_gate)
        {
            if (--block.Parts > 0) return;
            if (_open == block) _open = null;
            ReservedBytes -= block.Memory.Bytes;
            block.Memory.Dispose();
        }
    }

    internal sealed class Block(long bytes)
    {
        public DeviceBuffer Memory { get; } = new(bytes);
        public long Used { get; set; }
        public int Parts { get; set; }
    }

    /// <summary>A matrix's share of a block.</summary>
    public sealed class Part : IDisposable
    {
        private readonly WeightMemory _owner;
        private readonly long _offset;
        private Block? _block;

        internal Part(WeightMemory owner, Block block, long offset, long bytes)
        {
            (_owner, _block, _offset, Bytes) = (owner, block, offset, bytes);
            block.Parts++;
        }

        /// <summary>Address of the first byte.</summary>
        public nint Address => _block is { } block ? block.Memory.Address + (nint)_offset : throw new ObjectDisposedException(nameof(Part));

        public long Bytes { get; }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _block, null) is { } block) _owner.GiveBack(block);
        }
    }
}
