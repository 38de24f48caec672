using System.Collections.Immutable;

namespace Steering.Compute.Quantised;

/// <summary>
/// How ggml stores weights in blocks of few bits (ggml-common.h, ggml-quants.c). Every format is, group by group of <see cref="GroupLength"/> weights, an 8-bit integer times a scale, plus an
/// offset where the format has a minimum; the product of integer and scale is exact in f32, so the value is rounded at most once.
/// </summary>
public abstract class BlockFormat
{
    private protected BlockFormat(string name, int values, int bytes, int groupLength, bool hasOffset) =>
        (Name, Values, Bytes, GroupLength, HasOffset) = (name, values, bytes, groupLength, hasOffset);

    /// <summary>All formats that can be computed with.</summary>
    public static ImmutableArray<BlockFormat> All { get; } =
    [
        new Q4(hasMinimum: false), new Q4(hasMinimum: true), new Q5(hasMinimum: false), new Q5(hasMinimum: true), new Q8(),
        new Q2K(), new Q3K(), new Q4K(), new Q5K(), new Q6K(), new Iq4Nl(), new Iq4Xs(),
    ];

    /// <summary>As ggml calls it: <c>Q4_K</c>.</summary>
    public string Name { get; }

    /// <summary>Weights in a block: 32 or 256.</summary>
    public int Values { get; }

    /// <summary>Bytes of a block.</summary>
    public int Bytes { get; }

    /// <summary>Weights that share a scale: 16 or 32.</summary>
    public int GroupLength { get; }

    /// <summary>Whether groups have an offset.</summary>
    public bool HasOffset { get; }

    /// <summary>Whether integers take 4 bits, counted from <see cref="Lowest"/>.</summary>
    public virtual bool IsNibble => false;

    /// <summary>The least integer of a format whose integers take 4 bits.</summary>
    public virtual int Lowest => sbyte.MinValue;

    /// <summary>Whether scales and offsets are f16 values as they are: those of blocks of 32.</summary>
    public bool HasHalfScales => Values == 32;

    /// <summary>Takes a block apart.</summary>
    /// <param name="block"><see cref="Bytes"/> bytes.</param>
    /// <param name="integers"><see cref="Values"/> integers.</param>
    /// <param name="scales">A scale for each group.</param>
    /// <param name="offsets">An offset for each group; left alone where the format has none.</param>
    public abstract void Unpack(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales, Span<float> offsets);

    /// <summary>Widens whole blocks to f32.</summary>
    /// <param name="blocks">Any number of blocks.</param>
    /// <param name="values">As many values as they hold.</param>
    public void Widen(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        if (blocks.Length % Bytes != 0 || values.Length != blocks.Length / Bytes * Values) throw new ArgumentException($"{blocks.Length} bytes of {Name} are not {values.Length} values.", nameof(values));
        Span<sbyte> integers = stackalloc sbyte[Values];
        Span<float> scales = stackalloc float[Values / GroupLength], offsets = stackalloc float[Values / GroupLength];
        offsets.Clear();
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Values..])
        {
            Unpack(blocks[..Bytes], integers, scales, offsets);
            for (int i = 0; i < Values; i++) values[i] = MathF.FusedMultiplyAdd(integers[i], scales[i / GroupLength], offsets[i / GroupLength]);
        }
    }

    private protected static float Half(ReadOnlySpan<byte> block, int at) => (float)BitConverter.ToHalf(block[at..]);

    public override string ToString() => Name;
}
