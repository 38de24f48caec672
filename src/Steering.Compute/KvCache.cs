namespace Steering.Compute;

/// <summary>
/// Keys and values of all sequences, in blocks of 64 positions (docs/decisions.md 2: attention works on fixed absolute tiles of 64): f32 in exact numerics, bf16 in fast. <see cref="KvLayout"/> says
/// what a block looks like. All layers of a block lie together: a cache takes as many huge pages as its used blocks fill, however many layers there are and however small they are.
/// </summary>
public sealed class KvCache : IDisposable
{
    /// <summary>Positions per block.</summary>
    public const int BlockLength = 64;

    private readonly DeviceBuffer _memory;

    public KvCache(AttentionShape shape, int layers, int blocks, Numerics numerics)
    {
        Layout = new KvLayout(shape, layers, numerics);
        Blocks = blocks;
        _memory = new DeviceBuffer((long)blocks * Layout.BlockWords * sizeof(float));
    }

    public AttentionShape Shape => Layout.Shape;
    public int Blocks { get; }

    /// <summary>Bytes of address space; pages are taken from the system when first written.</summary>
    public long Bytes => _memory.Bytes;

    /// <summary>Bytes one block takes over all layers.</summary>
    public static long BytesPerBlock(AttentionShape shape, int layers, Numerics numerics) => (long)new KvLayout(shape, layers, numerics).BlockWords * sizeof(float);

    internal KvLayout Layout { get; }

    /// <summary>Where the layer's part of block 0 begins.</summary>
    internal nint Layer(int layer) => _memory.Address + (nint)layer * Layout.LayerWords * sizeof(float);

    public void Dispose() => _memory.Dispose();
}
