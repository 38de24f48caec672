namespace Steering.Compute;

/// <summary>
/// Keys and values of all sequences, in blocks of 64 positions (docs/decisions.md 2: attention works on fixed absolute tiles of 64). Per layer, block and
/// key-value head: keys [headDimension][64] (so that scores of 64 positions are lanes), values [64][headDimension padded to 16].
/// </summary>
public sealed class KvCache : IDisposable
{
    /// <summary>Positions per block.</summary>
    public const int BlockLength = 64;

    private readonly DeviceBuffer[] _layers;

    public KvCache(AttentionShape shape, int layers, int blocks)
    {
        Shape = shape;
        Blocks = blocks;
        _layers = new DeviceBuffer[layers];
        for (int i = 0; i < layers; i++) _layers[i] = new DeviceBuffer((long)blocks * BlockFloats(shape) * sizeof(float));
    }

    public AttentionShape Shape { get; }
    public int Blocks { get; }

    /// <summary>Bytes of address space; pages are taken from the system when first written.</summary>
    public long Bytes => _layers.Sum(l => l.Bytes);

    /// <summary>Bytes one block takes over all layers.</summary>
    public static long BytesPerBlock(AttentionShape shape, int layers) => (long)layers * BlockFloats(shape) * sizeof(float);

    internal static int PaddedHead(AttentionShape shape) => TensorView.Padded(shape.HeadDimension);

    internal static int HeadFloats(AttentionShape shape) => BlockLength * (shape.HeadDimension + PaddedHead(shape));

    internal static int BlockFloats(AttentionShape shape) => shape.KeyValueHeads * HeadFloats(shape);

    internal nint Layer(int layer) => _layers[layer].Address;

    public void Dispose()
    {
        foreach (var layer in _layers) layer.Dispose();
    }
}
