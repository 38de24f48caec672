using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Steering.Engine.Sampling;

/// <summary>
/// exp, log and sums of exponentials in double precision, with the same bits on every processor: elementwise fused multiply-adds, sums over blocks of
/// <see cref="BlockSize"/> in a fixed order (docs/decisions.md 2). The C library's exp and log differ in their last bit between versions.
/// </summary>
internal static class Exponentials
{
    /// <summary>Logits whose weights are summed together.</summary>
    public const int BlockSize = 256;

    private const double Log2E = 1.4426950408889634;
    // ln 2 in two parts: the product of the first with a whole number below 2^11 is exact.
    private const double Ln2High = 0.693147180369123816490, Ln2Low = 1.90821492927058770002e-10;
    // Added to a number below 2^51, it leaves the nearest whole number in the low bits.
    private const double Rounder = 6755399441055744;
    // exp below this would be subnormal; it counts as 0.
    private const double Least = -708;

    /// <summary>The largest logit, NaN ignored; -infinity if there is none.</summary>
    public static float Max(ReadOnlySpan<float> logits)
    {
        var best = Vector256.Create(float.NegativeInfinity);
        int i = 0;
        for (; i <= logits.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            var values = Vector256.Create(logits.Slice(i, Vector256<float>.Count));
            best = Vector256.ConditionalSelect(Vector256.GreaterThan(values, best), values, best);
        }
        float max = float.NegativeInfinity;
        for (int lane = 0; lane < Vector256<float>.Count; lane++) max = best[lane] > max ? best[lane] : max;
        for (; i < logits.Length; i++) max = logits[i] > max ? logits[i] : max;
        return max;
    }

    /// <summary>weights[i] = exp((logits[i] - max) * scale) for a block of logits, NaN counting as -infinity; returns their sum.</summary>
    /// <param name="logits">At most <see cref="BlockSize"/> of them, none above <paramref name="max"/>.</param>
    /// <param name="max">Finite.</param>
    /// <param name="scale">Positive: the inverse of the temperature.</param>
    /// <param name="weights">At least as many as logits.</param>
    public static double Weigh(ReadOnlySpan<float> logits, float max, double scale, Span<double> weights)
    {
        var sum = Vector512<double>.Zero;
        var largest = Vector512.Create((double)max);
        var scales = Vector512.Create(scale);
        int i = 0;
        for (; i + 8 <= logits.Length; i += 8)
        {
            var weight = Exp((Widen(Vector256.Create(logits.Slice(i, 8))) - largest) * scales);
            sum += weight;
            weight.CopyTo(weights.Slice(i, 8));
        }
        if (i < logits.Length)
        {
            Span<float> rest = stackalloc float[8];
            Span<double> restWeights = stackalloc double[8];
            rest.Fill(float.NegativeInfinity);
            logits[i..].CopyTo(rest);
            var weight = Exp((Widen(Vector256.Create<float>(rest)) - largest) * scales);
            sum += weight;
            weight.CopyTo(restWeights);
            restWeights[..(logits.Length - i)].CopyTo(weights[i..]);
        }
        var four = sum.GetLower() + sum.GetUpper();
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    private static Vector512<double> Widen(Vector256<float> values)
    {
        var (low, high) = Vector256.Widen(values);
        return Vector512.Create(low, high);
    }

    /// <summary>The logarithm of the sum of exp(logits[i]), NaN counting as -infinity; -infinity if all are, +infinity if one is.</summary>
    public static double LogSumExp(ReadOnlySpan<float> logits)
    {
        float max = Max(logits);
        if (!float.IsFinite(max)) return max;
        Span<double> weights = stackalloc double[BlockSize];
        double sum = 0;
        for (int i = 0; i < logits.Length; i += BlockSize) sum += Weigh(logits.Slice(i, Math.Min(BlockSize, logits.Length - i)), max, 1, weights);
        return max + Log(sum);
    }

    /// <summary>exp of numbers up to 0; 0 for NaN and for numbers whose exp would be subnormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Exp(Vector512<double> x)
    {
        // x = n ln 2 + r with |r| <= ln 2 / 2; exp r by its Taylor series, whose first missing term is below 2^-57.
        var shifted = Vector512.FusedMultiplyAdd(x, Vector512.Create(Log2E), Vector512.Create(Rounder));
        var n = shifted - Vector512.Create(Rounder);
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2High), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2Low), r);
        var series = Vector512.Create(1.0 / 6227020800);
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(1.0 / 479001600));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(1.0 / 39916800));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(1.0 / 3628800));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(1.0 / 362880));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(1.0 / 40320));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(1.0 / 5040));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(1.0 / 720));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(1.0 / 120));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(1.0 / 24));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(1.0 / 6));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(0.5));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512<double>.One);
        series = Vector512.FusedMultiplyAdd(series, r, Vector512<double>.One);
        // 2^n by adding n to the exponent's bits.
        var exponent = Vector512.ShiftLeft(shifted.AsInt64() - Vector512.Create(Rounder).AsInt64(), 52);
        var result = (series.AsInt64() + exponent).AsDouble();
        return Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(x, Vector512.Create(Least)), result, Vector512<double>.Zero);
    }

    /// <summary>The natural logarithm of a positive finite normal number.</summary>
    internal static double Log(double x)
    {
        // x = 2^n m with m in [sqrt 1/2, sqrt 2); log m = 2 artanh((m - 1) / (m + 1)) by its series, whose first missing term is below 2^-60.
        long bits = BitConverter.DoubleToInt64Bits(x);
        long n = (bits >> 52) - 1023;
        double m = BitConverter.Int64BitsToDouble((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000);
        if (m > 1.4142135623730951)
        {
            m *= 0.5;
            n++;
        }
        double s = (m - 1) / (m + 1), square = s * s, series = 0;
        for (int odd = 23; odd >= 3; odd -= 2) series = Math.FusedMultiplyAdd(series, square, 1.0 / odd);
        double log = 2 * Math.FusedMultiplyAdd(series * square, s, s);
        return Math.FusedMultiplyAdd(n, Ln2High, Math.FusedMultiplyAdd(n, Ln2Low, log));
    }
}
