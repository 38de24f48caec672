namespace Steering.Compute.Quantised;

/// <summary>256 weights of 2 bits; every 16 have a 4-bit scale and a 4-bit minimum.</summary>
internal sealed class Q2K() : BlockFormat("Q2_K", 256, 84, 16, hasOffset: true)
{
    public override void Unpack(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        float d = Half(block, 80), minimum = Half(block, 82);
        for (int group = 0; group < 16; group++)
        {
            scales[group] = d * (block[group] & 15);
            offsets[group] = -(minimum * (block[group] >> 4));
        }
        // Each half of the block: 32 bytes, whose pairs of bits are 4 runs of 32 weights.
        for (int i = 0; i < 256; i++) integers[i] = (sbyte)((block[16 + i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2)) & 3);
    }
}

/// <summary>256 weights of 3 bits, the third in a mask of its own; every 16 have a 6-bit scale.</summary>
internal sealed class Q3K() : BlockFormat("Q3_K", 256, 110, 16, hasOffset: false)
{
    public override void Unpack(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        float d = Half(block, 108);
        var packed = block[96..108];
        for (int group = 0; group < 16; group++)
        {
            int low = group < 8 ? packed[group] & 15 : packed[group - 8] >> 4, high = (packed[8 + group % 4] >> (group / 4 * 2)) & 3;
            scales[group] = d * ((low | high << 4) - 32);
        }
        for (int i = 0; i < 256; i++)
        {
            int low = (block[32 + i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2)) & 3;
            bool high = ((block[i % 32] >> (i / 32)) & 1) != 0;
            integers[i] = (sbyte)(high ? low : low - 4);
        }
    }
}

/// <summary>Scales and minima of 6 bits for 8 groups in 12 bytes (get_scale_min_k4), times the block's.</summary>
internal static class PackedScales
{
    public static void Unpack(ReadOnlySpan<byte> packed, float d, float minimum, Span<float> scales, Span<float> offsets)
    {
        for (int group = 0; group < 8; group++)
        {
            int scale = group < 4 ? packed[group] & 63 : (packed[group + 4] & 15) | packed[group - 4] >> 6 << 4;
            int least = group < 4 ? packed[group + 4] & 63 : packed[group + 4] >> 4 | packed[group] >> 6 << 4;
            scales[group] = d * scale;
            offsets[group] = -(minimum * least);
        }
    }
}

/// <summary>256 weights of 4 bits; every 32 have a 6-bit scale and a 6-bit minimum.</summary>
internal sealed class Q4K() : BlockFormat("Q4_K", 256, 144, 32, hasOffset: true)
{
    public override bool IsNibble => true;
    public override int Lowest => 0;

    public override void Unpack(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        PackedScales.Unpack(block[4..16], Half(block, 0), Half(block, 2), scales, offsets);
        // Every 32 bytes: 32 weights in the low halves, then 32 in the high ones.
        for (int i = 0; i < 256; i++) integers[i] = (sbyte)((block[16 + i / 64 * 32 + i % 32] >> (i % 64 / 32 * 4)) & 15);
    }
}

/// <summary>The same with a fifth bit of every weight in 32 bytes of their own.</summary>
internal sealed class Q5K() : BlockFormat("Q5_K", 256, 176, 32, hasOffset: true)
{
    public override void Unpack(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        PackedScales.Unpack(block[4..16], Half(block, 0), Half(block, 2), scales, offsets);
        for (int i = 0; i < 256; i++)
        {
            int low = (block[48 + i / 64 * 32 + i % 32] >> (i % 64 / 32 * 4)) & 15, high = (block[16 + i % 32] >> (i / 32)) & 1;
            integers[i] = (sbyte)(low | high << 4);
        }
    }
}

/// <summary>256 weights of 6 bits, the upper two apart; every 16 have an 8-bit scale.</summary>
internal sealed class Q6K() : BlockFormat("Q6_K", 256, 210, 16, hasOffset: false)
{
    public override void Unpack(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        float d = Half(block, 208);
        for (int group = 0; group < 16; group++) scales[group] = d * (sbyte)block[192 + group];
        for (int i = 0; i < 256; i++)
        {
            // Each half of the block: 64 bytes, whose low halves are 64 weights and whose high halves the next 64.
            int half = i / 128, within = i % 128, low = (block[64 * half + within % 64] >> (within / 64 * 4)) & 15;
            int high = (block[128 + 32 * half + within % 32] >> (within / 32 * 2)) & 3;
            integers[i] = (sbyte)((low | high << 4) - 32);
        }
    }
}
