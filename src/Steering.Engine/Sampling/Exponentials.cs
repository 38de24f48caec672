using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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
        Vector512<float> a = Vector512.Create(float.NegativeInfinity), b = a, c = a, d = a; // four chains: a comparison waits for the one before
        int i = 0;
        for (; i + 64 <= logits.Length; i += 64)
        {
            a = Larger(Vector512.Create(logits.Slice(i, 16)), a);
            b = Larger(Vector512.Create(logits.Slice(i + 16, 16)), b);
            c = Larger(Vector512.Create(logits.Slice(i + 32, 16)), c);
            d = Larger(Vector512.Create(logits.Slice(i + 48, 16)), d);
        }
        a = Larger(Larger(b, a), Larger(d, c));
        float max = float.NegativeInfinity;
        for (int lane = 0; lane < Vector512<float>.Count; lane++) max = a[lane] > max ? a[lane] : max;
        for (; i < logits.Length; i++) max = logits[i] > max ? logits[i] : max;
        return max;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Larger(Vector512<float> values, Vector512<float> best) => Vector512.ConditionalSelect(Vector512.GreaterThan(values, best), values, best);

    /// <summary>Where the value is first found; -1 if nowhere.</summary>
    public static int IndexOf(ReadOnlySpan<float> logits, float value)
    {
        var wanted = Vector512.Create(value);
        int i = 0;
        while (i + 16 <= logits.Length && !Vector512.EqualsAny(Vector512.Create(logits.Slice(i, 16)), wanted)) i += 16;
        for (; i < logits.Length; i++)
            if (logits[i] == value) return i;
        return -1;
    }

    /// <summary>weights[i] = exp((logits[i] - max) * scale) for a block of logits, NaN counting as -infinity; returns their sum.</summary>
    /// <param name="logits">At most <see cref="BlockSize"/> of them, none above <paramref name="max"/>.</param>
    /// <param name="max">Finite.</param>
    /// <param name="scale">Positive: the inverse of the temperature.</param>
    /// <param name="weights">At least as many as logits.</param>
    public static double Weigh(ReadOnlySpan<float> logits, float max, double scale, Span<double> weights)
    {
        weights = weights[..logits.Length];
        var sum = WeighWhole(logits, max, scale, weights);
        int whole = logits.Length & ~7;
        if (whole < logits.Length)
        {
            Span<float> rest = stackalloc float[8];
            Span<double> restWeights = stackalloc double[8];
            rest.Fill(float.NegativeInfinity);
            logits[whole..].CopyTo(rest);
            sum += WeighWhole(rest, max, scale, restWeights);
            restWeights[..(logits.Length - whole)].CopyTo(weights[whole..]);
        }
        return Sum(sum);
    }

    /// <summary>All but the last few, eight at a time. Apart, and without checks: what a check calls makes the compiler keep the sum in memory, which takes twice as long.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector512<double> WeighWhole(ReadOnlySpan<float> logits, float max, double scale, Span<double> weights)
    {
        ref float logit = ref MemoryMarshal.GetReference(logits);
        ref double weight = ref MemoryMarshal.GetReference(weights);
        Vector512<double> sum = Vector512<double>.Zero, largest = Vector512.Create((double)max), scales = Vector512.Create(scale);
        nuint i = 0, length = (nuint)logits.Length;
        // Each is a chain of twenty operations that wait for one another: four in turn, where there are registers for them, take 18% less.
        for (; Vector512.IsHardwareAccelerated && i + 32 <= length; i += 32)
        {
            Vector512<double> a = Scaled(ref logit, i), b = Scaled(ref logit, i + 8), c = Scaled(ref logit, i + 16), d = Scaled(ref logit, i + 24);
            Exp(ref a, ref b, ref c, ref d);
            sum = sum + a + b + c + d;
            a.StoreUnsafe(ref weight, i);
            b.StoreUnsafe(ref weight, i + 8);
            c.StoreUnsafe(ref weight, i + 16);
            d.StoreUnsafe(ref weight, i + 24);
        }
        for (; i + 8 <= length; i += 8)
        {
            var eight = Exp(Scaled(ref logit, i));
            sum += eight;
            eight.StoreUnsafe(ref weight, i);
        }
        return sum;

        Vector512<double> Scaled(ref float from, nuint at) => (Widen(Vector256.LoadUnsafe(ref from, at)) - largest) * scales;
    }

    /// <summary>The sum of all lanes in an order of our own: that of the library is the processor's.</summary>
    public static double Sum(Vector512<double> lanes)
    {
        var four = lanes.GetLower() + lanes.GetUpper();
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Widen(Vector256<float> values)
    {
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Double(values); // one instruction instead of two and their junction
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
        var r = Reduce(x, out var shifted);
        var series = Vector512.Create(Series[0]);
        foreach (double coefficient in Series[1..]) series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(coefficient));
        return Scale(series, shifted, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exp(ref Vector512<double> a, ref Vector512<double> b, ref Vector512<double> c, ref Vector512<double> d)
    {
        Vector512<double> ra = Reduce(a, out var shiftedA), rb = Reduce(b, out var shiftedB), rc = Reduce(c, out var shiftedC), rd = Reduce(d, out var shiftedD);
        Vector512<double> seriesA = Vector512.Create(Series[0]), seriesB = seriesA, seriesC = seriesA, seriesD = seriesA;
        foreach (double coefficient in Series[1..])
        {
            var next = Vector512.Create(coefficient);
            seriesA = Vector512.FusedMultiplyAdd(seriesA, ra, next);
            seriesB = Vector512.FusedMultiplyAdd(seriesB, rb, next);
            seriesC = Vector512.FusedMultiplyAdd(seriesC, rc, next);
            seriesD = Vector512.FusedMultiplyAdd(seriesD, rd, next);
        }
        (a, b, c, d) = (Scale(seriesA, shiftedA, a), Scale(seriesB, shiftedB, b), Scale(seriesC, shiftedC, c), Scale(seriesD, shiftedD, d));
    }

    // x = n ln 2 + r with |r| <= ln 2 / 2; exp r by its Taylor series, whose first missing term is below 2^-57.
    private static ReadOnlySpan<double> Series =>
        [1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1, 1];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Reduce(Vector512<double> x, out Vector512<double> shifted)
    {
        shifted = Vector512.FusedMultiplyAdd(x, Vector512.Create(Log2E), Vector512.Create(Rounder));
        var n = shifted - Vector512.Create(Rounder);
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2High), x);
        return Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2Low), r);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Scale(Vector512<double> series, Vector512<double> shifted, Vector512<double> x)
    {
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
