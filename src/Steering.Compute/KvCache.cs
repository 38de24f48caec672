namespace Steering.Compute;

/// <summary>
/// Keys and values of all sequences, in blocks of 64 positions (docs/decisions.md 2: attention works on fixed absolute tiles of 64): f32 in exact numerics, bf16 in fast. <see cref="KvLayout"/> says
/// what a block looks like.
/// </summary>
public sealed class KvCache : IDisposable
{
    /// <summary>Positions per block.</summary>
    public const int BlockLength = 64;

    private readonly DeviceBuffer[] _layers;

    public KvCache(AttentionShape shape, int layers, int blocks, Numerics numerics)
    {
        Layout = new KvLayout(shape, numerics);
        Blocks = blocks;
        _layers = new DeviceBuffer[layers];
        for (int i = 0; i < layers; i++) _layers[i] = new DeviceBuffer((long)blocks * Layout.BlockWords * sizeof(float));
    }

    public AttentionShape Shape => Layout.Shape;
    public int Blocks { get; }

    /// <summary>Bytes of address space; pages are taken from the system when first written.</summary>
    public long Bytes => _layers.Sum(l => l.Bytes);

    /// <summary>Bytes one block takes over all layers.</summary>
    public static long BytesPerBlock(AttentionShape shape, int layers, Numerics numerics) => (long)layers * new KvLayout(shape, numerics).BlockWords * sizeof(float);

    internal KvLayout Layout { get; }

    internal nint Layer(int layer) => _layers[layer].Address;

    public void Dispose()
    {
        foreach (var layer in _layers) layer.Dispose();
    }
}
