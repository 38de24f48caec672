using System.Buffers.Binary;

namespace Steering.Compute.Quantised;

/// <summary>32 weights of 4 bits: a scale, a minimum in Q4_1, then 16 bytes whose low halves are the first 16 weights.</summary>
internal sealed class Q4(bool hasMinimum) : BlockFormat(hasMinimum ? "Q4_1" : "Q4_0", 32, hasMinimum ? 20 : 18, 32, hasMinimum)
{
    public override void Unpack(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        scales[0] = Half(block, 0);
        if (HasOffset) offsets[0] = Half(block, 2);
        int zero = HasOffset ? 0 : 8;
        var quants = block[(HasOffset ? 4 : 2)..];
        for (int i = 0; i < 16; i++)
        {
            integers[i] = (sbyte)((quants[i] & 15) - zero);
            integers[i + 16] = (sbyte)((quants[i] >> 4) - zero);
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
}

/// <summary>The 16 values that the 4 bits of the non-linear formats stand for (kvalues_iq4nl).</summary>
internal static class NonLinear
{
    public static ReadOnlySpan<sbyte> Values => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>16 bytes whose low halves are the first 16 of 32 weights.</summary>
    public static void Unpack(ReadOnlySpan<byte> quants, Span<sbyte> integers)
    {
        for (int i = 0; i < 16; i++)
        {
            integers[i] = Values[quants[i] & 15];
            integers[i + 16] = Values[quants[i] >> 4];
        }
    }
}

/// <summary>32 weights of 4 bits that stand for unequally spaced values.</summary>
internal sealed class Iq4Nl() : BlockFormat("IQ4_NL", 32, 18, 32, hasOffset: false)
{
    public override void Unpack(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        scales[0] = Half(block, 0);
        NonLinear.Unpack(block[2..], integers);
    }
}

/// <summary>256 of them, with a 6-bit scale for every 32.</summary>
internal sealed class Iq4Xs() : BlockFormat("IQ4_XS", 256, 136, 32, hasOffset: false)
{
    public override void Unpack(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        float d = Half(block, 0);
        int high = BinaryPrimitives.ReadUInt16LittleEndian(block[2..]);
        for (int group = 0; group < 8; group++)
        {
            int scale = ((block[4 + group / 2] >> (4 * (group % 2))) & 15) | ((high >> (2 * group)) & 3) << 4;
            scales[group] = d * (scale - 32);
            NonLinear.Unpack(block[(8 + 16 * group)..], integers[(32 * group)..]);
        }
    }
}
