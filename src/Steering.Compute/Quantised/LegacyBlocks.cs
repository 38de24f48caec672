using System.Buffers.Binary;

namespace Steering.Compute.Quantised;

/// <summary>32 weights of 4 bits: a scale, a minimum in Q4_1, then 16 bytes whose low halves are the first 16 weights.</summary>
internal sealed class Q4(bool hasMinimum) : BlockFormat(hasMinimum ? "Q4_1" : "Q4_0", 32, hasMinimum ? 20 : 18, 32, hasMinimum)
{
    public override bool IsNibble => true;
    public override int Lowest => HasOffset ? 0 : -8;

    public override void Unpack(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        scales[0] = Half(block, 0);
        if (HasOffset) offsets[0] = Half(block, 2);
        var quants = block[(HasOffset ? 4 : 2)..];
        for (int i = 0; i < 16; i++)
        {
            integers[i] = (sbyte)((quants[i] & 15) + Lowest);
            integers[i + 16] = (sbyte)((quants[i] >> 4) + Lowest);
        }
    }
}

/// <summary>The same with a fifth bit of every weight in a word before the bytes.</summary>
internal sealed class Q5(bool hasMinimum) : BlockFormat(hasMinimum ? "Q5_1" : "Q5_0", 32, hasMinimum ? 24 : 22, 32, hasMinimum)
{
    public override void Unpack(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        scales[0] = Half(block, 0);
        if (HasOffset) offsets[0] = Half(block, 2);
        int zero = HasOffset ? 0 : 16, at = HasOffset ? 4 : 2;
        uint high = BinaryPrimitives.ReadUInt32LittleEndian(block[at..]);
        var quants = block[(at + 4)..];
        for (int i = 0; i < 16; i++)
        {
            integers[i] = (sbyte)(((quants[i] & 15) | ((int)(high >> i) & 1) << 4) - zero);
            integers[i + 16] = (sbyte)(((quants[i] >> 4) | ((int)(high >> (i + 16)) & 1) << 4) - zero);
        }
    }
}

/// <summary>32 weights of 8 bits and a scale.</summary>
internal sealed class Q8() : BlockFormat("Q8_0", 32, 34, 32, hasOffset: false)
{
    public override void Unpack(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        scales[0] = Half(block, 0);
        for (int i = 0; i < 32; i++) integers[i] = (sbyte)block[2 + i];
    }

    /// <summary>Quantises up to 32 weights as ggml does (quantize_row_q8_0_ref): integers into <paramref name="integers"/>, the scale returned, rounded to f16.</summary>
    public static float Quantise(ReadOnlySpan<float> values, Span<sbyte> integers)
    {
        float largest = 0;
        foreach (float value in values) largest = MathF.Max(largest, MathF.Abs(value));
        float scale = largest / 127, inverse = scale > 0 ? 1 / scale : 0;
        for (int i = 0; i < values.Length; i++) integers[i] = (sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
        return (float)(Half)scale;
    }
}
