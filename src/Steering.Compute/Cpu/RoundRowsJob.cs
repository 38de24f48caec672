using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Steering.Compute.Cpu.MachineCode;

namespace Steering.Compute.Cpu;

/// <summary>Rounding of activations for matrix products and the KV cache.</summary>
internal static class RowFormats
{
    /// <summary>To nearest, ties to even; what is not a number stays none.</summary>
    public static ushort ToBf16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)(bits >> 16 | 0x40) : (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }

    /// <summary>Eight of them, each in the lower half of its lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> ToBf16(Vector256<float> value)
    {
        var bits = value.AsUInt32();
        var rounded = (bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256<uint>.One)) >> 16;
        return Vector256.ConditionalSelect(Vector256.Equals(value, value).AsUInt32(), rounded, (bits >> 16) | Vector256.Create(0x40u));
    }
}

/// <summary>Rounds rows to bf16, with zeros behind the last value up to a multiple of 32.</summary>
internal readonly unsafe struct RoundRowsJob(TensorView input, byte* output, long stride) : IJob
{
    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        for (int row = first; row < last; row++)
        {
            float* x = input.Pointer(row);
            ushort* y = (ushort*)(output + row * stride);
            int i = 0;
            for (; i + 16 <= input.Columns; i += 16) Vector256.Narrow(RowFormats.ToBf16(Vector256.Load(x + i)), RowFormats.ToBf16(Vector256.Load(x + i + 8))).Store(y + i);
            for (; i < input.Columns; i++) y[i] = RowFormats.ToBf16(x[i]);
            for (; i % AmxTiles.StepInputs != 0; i++) y[i] = 0;
        }
    }
}
