using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>How a kernel reads one pair of inputs for sixteen outputs of a panel.</summary>
internal unsafe interface IPanelFormat
{
    /// <summary>Bytes of one pair over the panel's 32 outputs.</summary>
    static abstract int PairBytes { get; }

    /// <param name="pair">The pair's first byte.</param>
    /// <param name="half">0 for outputs 0..15, 1 for 16..31.</param>
    static abstract void Load<TLanes>(byte* pair, int half, out TLanes even, out TLanes odd) where TLanes : unmanaged, ILanes<TLanes>;
}

internal readonly unsafe struct F32Panel : IPanelFormat
{
    public static int PairBytes => 256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(byte* pair, int half, out TLanes even, out TLanes odd) where TLanes : unmanaged, ILanes<TLanes>
    {
        even = TLanes.Load((float*)pair + 16 * half);
        odd = TLanes.Load((float*)pair + 32 + 16 * half);
    }
}

internal readonly unsafe struct Bf16Panel : IPanelFormat
{
    public static int PairBytes => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(byte* pair, int half, out TLanes even, out TLanes odd) where TLanes : unmanaged, ILanes<TLanes> =>
        TLanes.LoadBf16Pairs(pair + 64 * half, out even, out odd);
}

internal readonly unsafe struct F16Panel : IPanelFormat
{
    public static int PairBytes => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(byte* pair, int half, out TLanes even, out TLanes odd) where TLanes : unmanaged, ILanes<TLanes>
    {
        even = TLanes.LoadF16((Half*)pair + 16 * half);
        odd = TLanes.LoadF16((Half*)pair + 32 + 16 * half);
    }
}
