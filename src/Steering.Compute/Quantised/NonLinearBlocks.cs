using System.Buffers.Binary;

namespace Steering.Compute.Quantised;

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
