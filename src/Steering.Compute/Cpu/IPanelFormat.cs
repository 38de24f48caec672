using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>How a kernel reads one pair of inputs for sixteen outputs of a panel.</summary>
internal unsafe interface IPanelFormat
{
    /// <summary>Bytes of one pair over the panel's 32 outputs.</summary>
    static abstract int PairBytes { get; }

    /// <summary>Bytes before the pairs of each group of inputs: scales of 32 outputs.</summary>
    static virtual int HeaderBytes => 0;

    /// <param name="header">The first byte of the pair's group.</param>
    /// <param name="pair">The pair's first byte.</param>
    /// <param name="half">0 for outputs 0..15, 1 for 16..31.</param>
    static abstract void Load<TLanes>(byte* header, byte* pair, int half, out TLanes even, out TLanes odd) where TLanes : unmanaged, ILanes<TLanes>;
}

internal readonly unsafe struct F32Panel : IPanelFormat
{
    public static int PairBytes => 256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(byte* header, byte* pair, int half, out TLanes even, out TLanes odd) where TLanes : unmanaged, ILanes<TLanes>
    {
        even = TLanes.Load((float*)pair + 16 * half);
        odd = TLanes.Load((float*)pair + 32 + 16 * half);
    }
}

internal readonly unsafe struct Bf16Panel : IPanelFormat
{
    public static int PairBytes => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(byte* header, byte* pair, int half, out TLanes even, out TLanes odd) where TLanes : unmanaged, ILanes<TLanes> =>
        TLanes.LoadBf16Pairs(pair + 64 * half, out even, out odd);
}

internal readonly unsafe struct F16Panel : IPanelFormat
{
    public static int PairBytes => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(byte* header, byte* pair, int half, out TLanes even, out TLanes odd) where TLanes : unmanaged, ILanes<TLanes> =>
        TLanes.LoadF16Pairs(pair + 64 * half, out even, out odd);
}

/// <summary>8-bit integers times a scale for every output and group. The product has at most 24 bits, so it is exact.</summary>
internal readonly unsafe struct Int8Panel : IPanelFormat
{
    public static int PairBytes => 64;

    public static int HeaderBytes => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(byte* header, byte* pair, int half, out TLanes even, out TLanes odd) where TLanes : unmanaged, ILanes<TLanes>
    {
        var scale = TLanes.Load((float*)header + 16 * half);
        even = TLanes.LoadInt8((sbyte*)pair + 16 * half) * scale;
        odd = TLanes.LoadInt8((sbyte*)pair + 32 + 16 * half) * scale;
    }
}

/// <summary>The same plus an offset for every output and group, rounded once.</summary>
internal readonly unsafe struct Int8OffsetPanel : IPanelFormat
{
    public static int PairBytes => 64;

    public static int HeaderBytes => 256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(byte* header, byte* pair, int half, out TLanes even, out TLanes odd) where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes scale = TLanes.Load((float*)header + 16 * half), offset = TLanes.Load((float*)header + 32 + 16 * half);
        even = TLanes.FusedMultiplyAdd(TLanes.LoadInt8((sbyte*)pair + 16 * half), scale, offset);
        odd = TLanes.FusedMultiplyAdd(TLanes.LoadInt8((sbyte*)pair + 32 + 16 * half), scale, offset);
    }
}
