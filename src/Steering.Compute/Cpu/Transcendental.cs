using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>Our own exp, tanh and erfc, so that their bits do not depend on the processor or the C library.</summary>
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

    /// <summary>tanh(x) to 5 ulp.</summary>
    /// <remarks>Odd rational approximation of degree 13 over 6; beyond 7.9 tanh rounds to 1 (Eigen, MathFunctionsImpl.h, ptanh_float).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Tanh<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes>
    {
        x = TLanes.Min(TLanes.Max(x, TLanes.Broadcast(-7.90531110763549805f)), TLanes.Broadcast(7.90531110763549805f));
        var square = x * x;
        var p = TLanes.Broadcast(-2.76076847742355e-16f);
        p = TLanes.FusedMultiplyAdd(p, square, TLanes.Broadcast(2.00018790482477e-13f));
        p = TLanes.FusedMultiplyAdd(p, square, TLanes.Broadcast(-8.60467152213735e-11f));
        p = TLanes.FusedMultiplyAdd(p, square, TLanes.Broadcast(5.12229709037114e-08f));
        p = TLanes.FusedMultiplyAdd(p, square, TLanes.Broadcast(1.48572235717979e-05f));
        p = TLanes.FusedMultiplyAdd(p, square, TLanes.Broadcast(6.37261928875436e-04f));
        p = TLanes.FusedMultiplyAdd(p, square, TLanes.Broadcast(4.89352455891786e-03f));
        var q = TLanes.Broadcast(1.19825839466702e-06f);
        q = TLanes.FusedMultiplyAdd(q, square, TLanes.Broadcast(1.18534705686654e-04f));
        q = TLanes.FusedMultiplyAdd(q, square, TLanes.Broadcast(2.26843463243900e-03f));
        q = TLanes.FusedMultiplyAdd(q, square, TLanes.Broadcast(4.89352518554385e-03f));
        return x * p / q;
    }

    /// <summary>cap tanh(x / cap).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes SoftCap<TLanes>(TLanes x, float cap) where TLanes : unmanaged, ILanes<TLanes> =>
        Tanh(x * TLanes.Broadcast(1f / cap)) * TLanes.Broadcast(cap);

    /// <summary>x Phi(x) = max(x, 0) - |x| / 2 erfc(|x| / sqrt 2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Gelu<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes>
    {
        var magnitude = TLanes.Max(x, TLanes.Zero - x);
        return TLanes.Max(x, TLanes.Zero) - magnitude * TLanes.Broadcast(0.5f) * TwoSidedTail(magnitude);
    }

    /// <summary>Phi(x) + x phi(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes GeluSlope<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes>
    {
        // Phi(x) = sign(x) (1/2 - tail / 2) + 1/2, where x / |x| is taken at a safe distance from 0: there both forms are 1/2.
        var magnitude = TLanes.Max(x, TLanes.Zero - x);
        var sign = x / TLanes.Max(magnitude, TLanes.Broadcast(1e-30f));
        var half = TLanes.Broadcast(0.5f);
        var cumulative = TLanes.FusedMultiplyAdd(sign, half - half * TwoSidedTail(magnitude), half);
        return TLanes.FusedMultiplyAdd(x * TLanes.Broadcast(0.398942280f), Exp(TLanes.Zero - half * x * x), cumulative);
    }

    /// <summary>erfc(z / sqrt 2) for z at least 0: the probability of a normal deviate beyond z on either side.</summary>
    /// <remarks>erfc with a relative error of 1.2e-7 everywhere: t e^(-z^2 + P(t)), t = 1 / (1 + z / 2) (Numerical Recipes, erfcc).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes TwoSidedTail<TLanes>(TLanes magnitude) where TLanes : unmanaged, ILanes<TLanes>
    {
        var z = magnitude * TLanes.Broadcast(0.707106781f);
        var t = TLanes.Broadcast(1f) / TLanes.FusedMultiplyAdd(z, TLanes.Broadcast(0.5f), TLanes.Broadcast(1f));
        var p = TLanes.Broadcast(0.17087277f);
        p = TLanes.FusedMultiplyAdd(p, t, TLanes.Broadcast(-0.82215223f));
        p = TLanes.FusedMultiplyAdd(p, t, TLanes.Broadcast(1.48851587f));
        p = TLanes.FusedMultiplyAdd(p, t, TLanes.Broadcast(-1.13520398f));
        p = TLanes.FusedMultiplyAdd(p, t, TLanes.Broadcast(0.27886807f));
        p = TLanes.FusedMultiplyAdd(p, t, TLanes.Broadcast(-0.18628806f));
        p = TLanes.FusedMultiplyAdd(p, t, TLanes.Broadcast(0.09678418f));
        p = TLanes.FusedMultiplyAdd(p, t, TLanes.Broadcast(0.37409196f));
        p = TLanes.FusedMultiplyAdd(p, t, TLanes.Broadcast(1.00002368f));
        p = TLanes.FusedMultiplyAdd(p, t, TLanes.Broadcast(-1.26551223f));
        return t * Exp(TLanes.FusedMultiplyAdd(TLanes.Zero - z, z, p));
    }

    /// <summary>x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), written as x sigmoid(2 u), which has no cancellation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes GeluTanh<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes>
    {
        var doubled = x * TLanes.Broadcast(1.59576912f) * TLanes.FusedMultiplyAdd(x * x, TLanes.Broadcast(0.044715f), TLanes.Broadcast(1f));
        return x / (TLanes.Broadcast(1f) + Exp(TLanes.Zero - doubled));
    }

    /// <summary>sigmoid(2 u) (1 + 2 x u' (1 - sigmoid(2 u))) with u = sqrt(2 / pi) (x + 0.044715 x^3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes GeluTanhSlope<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes square = x * x, one = TLanes.Broadcast(1f);
        var doubled = x * TLanes.Broadcast(1.59576912f) * TLanes.FusedMultiplyAdd(square, TLanes.Broadcast(0.044715f), one);
        var doubledSlope = TLanes.Broadcast(1.59576912f) * TLanes.FusedMultiplyAdd(square, TLanes.Broadcast(0.134145f), one);
        return SigmoidSlope(doubled, x * doubledSlope);
    }

    /// <summary>sigmoid(x) (1 + x (1 - sigmoid(x))).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes SiluSlope<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes>
    {
        return SigmoidSlope(x, x);
    }

    /// <summary>sigmoid(x) (1 + y (1 - sigmoid(x))), the second sigmoid without cancellation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes SigmoidSlope<TLanes>(TLanes x, TLanes y) where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes one = TLanes.Broadcast(1f), exponential = Exp(TLanes.Zero - x), sigmoid = one / (one + exponential);
        return sigmoid * TLanes.FusedMultiplyAdd(y, exponential * sigmoid, one);
    }

    /// <summary>x / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Silu<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes> =>
        x / (TLanes.Broadcast(1f) + Exp(TLanes.Zero - x));
}
