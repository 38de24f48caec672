using System.Runtime.CompilerServices;
using Steering.Compute.Quantised;

namespace Steering.Compute.Cpu;

/// <summary>
/// How quantised weights lie in a panel, group by group of inputs: scales of the 32 outputs, offsets if the format has them, then unsigned integers, four inputs of an output side by side (what vpdpbusd multiplies).
/// A weight is (integer - <see cref="ZeroPoint"/>) * scale + offset. Of 4 bits, eight inputs of an output share four bytes: the first four are the low halves.
/// </summary>
/// <param name="Length">Inputs that share a scale: 16 or 32.</param>
/// <param name="IsNibble">4 bits an integer, or 8.</param>
/// <param name="HasHalfScales">Scales and offsets as f16, or f32.</param>
/// <param name="HasOffset">Whether there are offsets.</param>
/// <param name="ZeroPoint">The integer that stands for 0.</param>
internal readonly record struct GroupLayout(int Length, bool IsNibble, bool HasHalfScales, bool HasOffset, int ZeroPoint)
{
    /// <summary>The lower four bits of every byte.</summary>
    public const uint Nibbles = 0x0F0F0F0F;

    private const int BytePoint = 128; // signed integers become unsigned ones

    /// <summary>Bytes of the scales, and offsets if there are any.</summary>
    public int HeaderBytes => (HasOffset ? 2 : 1) * ScaleBytes * PanelMatrix.Width;

    /// <summary>Bytes of a group.</summary>
    public int Bytes => HeaderBytes + PanelMatrix.Width * Length / (IsNibble ? 2 : 1);

    private int ScaleBytes => HasHalfScales ? 2 : 4;

    /// <summary>ggml's Q8_0.</summary>
    public static GroupLayout EightBits { get; } = new(32, false, true, false, BytePoint);

    /// <summary>The layout of one format as it is; of several, one that holds all of them.</summary>
    public static GroupLayout Of(ReadOnlySpan<WeightSource> sources)
    {
        var first = sources[0].Format!;
        int length = first.GroupLength;
        bool isNibble = first.IsNibble, hasHalfScales = first.HasHalfScales, hasOffset = first.HasOffset;
        foreach (var source in sources[1..])
        {
            var format = source.Format!;
            length = Math.Min(length, format.GroupLength);
            isNibble &= format == first;
            hasHalfScales &= format.HasHalfScales;
            hasOffset |= format.HasOffset;
        }
        return new GroupLayout(length, isNibble, hasHalfScales, hasOffset, isNibble ? -first.Lowest : BytePoint);
    }

    /// <summary>Writes a group of one output. <paramref name="integers"/> are signed, as the format means them.</summary>
    public unsafe void Write(byte* group, int lane, ReadOnlySpan<sbyte> integers, float scale, float offset)
    {
        WriteScale(group, lane, scale);
        if (HasOffset) WriteScale(group, PanelMatrix.Width + lane, offset);
        byte* values = group + HeaderBytes;
        for (int k = 0; k < integers.Length; k++)
        {
            int value = integers[k] + ZeroPoint;
            byte* at = At(values, lane, k, out int shift);
            *at = (byte)(*at | value << shift); // panels start as zeros
        }
    }

    /// <summary>Widens a group of one output.</summary>
    public unsafe void Read(byte* group, int lane, Span<float> destination)
    {
        float scale = ReadScale(group, lane), offset = HasOffset ? ReadScale(group, PanelMatrix.Width + lane) : 0;
        byte* values = group + HeaderBytes;
        for (int k = 0; k < destination.Length; k++)
        {
            int value = *At(values, lane, k, out int shift) >> shift & (IsNibble ? 15 : 255);
            destination[k] = MathF.FusedMultiplyAdd(value - ZeroPoint, scale, offset);
        }
    }

    /// <summary>Integers of four neighbouring inputs of sixteen outputs, each lane's in its four bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe TLanes Four<TLanes>(byte* group, int step, int half) where TLanes : unmanaged, ILanes<TLanes>
    {
        byte* at = group + HeaderBytes + 64 * half;
        return IsNibble ? TLanes.Load((float*)(at + 128 * (step / 2))).Bits(step % 2 * 4, Nibbles) : TLanes.Load((float*)(at + 128 * step));
    }

    /// <summary>Scales of outputs 0..15 and 16..31 (0, 1), then their offsets (2, 3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe TLanes Scales<TLanes>(byte* group, int index) where TLanes : unmanaged, ILanes<TLanes> =>
        HasHalfScales ? TLanes.LoadF16((Half*)group + 16 * index) : TLanes.Load((float*)group + 16 * index);

    private unsafe byte* At(byte* values, int lane, int input, out int shift)
    {
        shift = IsNibble ? input / 4 % 2 * 4 : 0;
        return values + (IsNibble ? input / 8 : input / 4) * 4 * PanelMatrix.Width + lane * 4 + input % 4;
    }

    private unsafe void WriteScale(byte* header, int index, float value)
    {
        if (HasHalfScales) ((Half*)header)[index] = (Half)value;
        else ((float*)header)[index] = value;
    }

    private unsafe float ReadScale(byte* header, int index) => HasHalfScales ? (float)((Half*)header)[index] : ((float*)header)[index];
}
