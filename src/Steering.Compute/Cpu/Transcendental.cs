using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>Our own exp, so that its bits do not depend on the processor or the C library.</summary>
internal static class Transcendental
{
    /// <summary>e^x to 2 ulp; x below -87 gives e^-87 (1.6e-38), above 88 e^88.</summary>
    /// <remarks>
    /// Cody and Waite: x = n ln 2 + r with |r| &lt;= ln 2 / 2, e^r by its degree-6 minimax polynomial (Cephes expf), then n is added to the exponent. Adding 1.5 * 2^23 rounds
    /// to an integer and leaves it in the low mantissa bits.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Exp<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes>
    {
        x = TLanes.Min(TLanes.Max(x, TLanes.Broadcast(-87f)), TLanes.Broadcast(88f));
        var shift = TLanes.Broadcast(12582912f);
        var shifted = TLanes.FusedMultiplyAdd(x, TLanes.Broadcast(1.44269504f), shift);
        var n = shifted - shift;
        var r = TLanes.FusedMultiplyAdd(n, TLanes.Broadcast(-0.693359375f), x);
        r = TLanes.FusedMultiplyAdd(n, TLanes.Broadcast(2.12194440e-4f), r);
        var p = TLanes.Broadcast(1.9875691500e-4f);
        p = TLanes.FusedMultiplyAdd(p, r, TLanes.Broadcast(1.3981999507e-3f));
        p = TLanes.FusedMultiplyAdd(p, r, TLanes.Broadcast(8.3334519073e-3f));
        p = TLanes.FusedMultiplyAdd(p, r, TLanes.Broadcast(4.1665795894e-2f));
        p = TLanes.FusedMultiplyAdd(p, r, TLanes.Broadcast(1.6666665459e-1f));
        p = TLanes.FusedMultiplyAdd(p, r, TLanes.Broadcast(5.0000001201e-1f));
        p = TLanes.FusedMultiplyAdd(p, r * r, r + TLanes.Broadcast(1f));
        return p.ScaleByPowerOfTwo(shifted);
    }

    /// <summary>x / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Silu<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes> =>
        x / (TLanes.Broadcast(1f) + Exp(TLanes.Zero - x));
}
