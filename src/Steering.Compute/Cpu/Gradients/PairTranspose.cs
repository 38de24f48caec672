using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Steering.Compute.Cpu.Gradients;

/// <summary>32 x 32 bf16 weights from a panel of W to a panel of W^T, both in pairs as <see cref="PanelMatrix"/> keeps them: half the bytes of f32, and no widening.</summary>
internal static unsafe class PairTranspose
{
    private const int Width = PanelMatrix.Width;

    public static bool IsSupported => Avx512BW.IsSupported;

    /// <summary>to[output / 2][input][output % 2] = from[input / 2][output][input % 2].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(uint* from, uint* to)
    {
        for (int output = 0; output < Width; output += 4, from += 4, to += 2 * Width)
        {
            // Four outputs of all pairs of inputs: in a quarter of a register the outputs of one pair, then the pairs of one output.
            Vector512<uint> a = Rows(from), b = Rows(from + Width), c = Rows(from + 2 * Width), d = Rows(from + 3 * Width);
            Vector512<ulong> ab = Avx512F.UnpackLow(a, b).AsUInt64(), ab2 = Avx512F.UnpackHigh(a, b).AsUInt64(), cd = Avx512F.UnpackLow(c, d).AsUInt64(), cd2 = Avx512F.UnpackHigh(c, d).AsUInt64();
            Store(Avx512F.UnpackLow(ab, cd), Avx512F.UnpackHigh(ab, cd), to);
            Store(Avx512F.UnpackLow(ab2, cd2), Avx512F.UnpackHigh(ab2, cd2), to + Width);
        }
    }

    /// <summary>Four outputs of a pair of inputs, of the fourth pair after it, of the eighth and of the twelfth.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Rows(uint* x) => Vector512.Create(
        Vector256.Create(Vector128.Load(x), Vector128.Load(x + 4 * Width)), Vector256.Create(Vector128.Load(x + 8 * Width), Vector128.Load(x + 12 * Width)));

    /// <summary>Two outputs of 32 inputs side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<ulong> even, Vector512<ulong> odd, uint* to)
    {
        Vector512<ushort> first = even.AsUInt16(), second = odd.AsUInt16();
        Avx512BW.PermuteVar32x16x2(first, Interleaved(0), second).AsUInt32().Store(to);
        Avx512BW.PermuteVar32x16x2(first, Interleaved(Width / 2), second).AsUInt32().Store(to + Width / 2);
    }

    /// <summary>Sixteen from each of two registers in turn, from a place on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Interleaved(ushort start) => Vector512.Create(
        (ushort)0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47) + Vector512.Create(start);
}
