namespace Steering.Compute;

/// <summary>
/// A block of the KV cache: layer by layer, and there per key-value head keys and then values, in words of 4 bytes. Keys are transposed, so that scores of the block's 64 positions are lanes.
/// f32: keys [headDimension][64], values [64][headDimension padded to 16].
/// bf16: a word holds two. Keys [headDimension / 2][64], dimensions 2 i and 2 i + 1 side by side; values [64][headDimension padded to 32, / 2], dimension i beside i + 16 within every 32, so that
/// one load of 16 words widens to two runs of 16 dimensions.
/// </summary>
internal readonly record struct KvLayout(AttentionShape Shape, int Layers, Numerics Numerics)
{
    public bool IsPaired => Numerics == Numerics.Fast;

    /// <summary>Dimensions a row of values has room for.</summary>
    public int PaddedHead => IsPaired ? (Shape.HeadDimension + 31) / 32 * 32 : TensorView.Padded(Shape.HeadDimension);

    /// <summary>Words of a row of values.</summary>
    public int ValueWords => IsPaired ? PaddedHead / 2 : PaddedHead;

    /// <summary>Words of a head's keys, where its values begin.</summary>
    public int KeyWords => KvCache.BlockLength * (IsPaired ? (Shape.HeadDimension + 1) / 2 : Shape.HeadDimension);

    public int HeadWords => KeyWords + KvCache.BlockLength * ValueWords;

    /// <summary>Words of a layer's part of a block.</summary>
    public int LayerWords => Shape.KeyValueHeads * HeadWords;

    /// <summary>Words from one block to the next.</summary>
    public int BlockWords => Layers * LayerWords;
}
