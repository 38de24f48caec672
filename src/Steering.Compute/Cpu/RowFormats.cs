using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Steering.Compute.Cpu;

/// <summary>Rounding of activations for matrix products.</summary>
internal static class RowFormats
{
    /// <summary>To nearest, ties to even; what is not a number stays none.</summary>
    public static ushort ToBf16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)(bits >> 16 | 0x40) : (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }
}

/// <summary>Rounds rows to bf16, an even number of values each, zeros behind the last.</summary>
internal readonly unsafe struct RoundRowsJob(TensorView input, byte* output, long stride) : IJob
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int first, int last)
    {
        for (int row = first; row < last; row++)
        {
            float* x = input.Pointer(row);
            ushort* y = (ushort*)(output + row * stride);
            int i = 0;
            for (; i + 16 <= input.Columns; i += 16) Vector256.Narrow(Round(Vector256.Load(x + i)), Round(Vector256.Load(x + i + 8))).Store(y + i);
            for (; i < input.Columns; i++) y[i] = RowFormats.ToBf16(x[i]);
            if (i % 2 == 1) y[i] = 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Round(Vector256<float> value)
    {
        var bits = value.AsUInt32();
        var rounded = (bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256<uint>.One)) >> 16;
        return Vector256.ConditionalSelect(Vector256.Equals(value, value).AsUInt32(), rounded, (bits >> 16) | Vector256.Create(0x40u));
    }
}

/// <summary>
/// Where the parts of a quantised row lie, group by group of its inputs: a header, then as many planes of signed bytes as there are digits, the highest first. x = scale * (digit0 * 256^(n-1) + ... + digit(n-1)).
/// Products of digits and integer weights are exact, whatever the instruction set.
/// </summary>
/// <param name="GroupLength">Inputs that share a scale: those of the weights.</param>
/// <param name="Digits">3 in exact numerics: 24 bits, the precision of f32 at the group's largest value; 1 in fast numerics.</param>
internal readonly record struct DigitLayout(int GroupLength, int Digits)
{
    /// <summary>f32: scale of the sum of all digits but the first (of the only one).</summary>
    public const int Scale = 0;

    /// <summary>f32: scale of the first of three digits.</summary>
    public const int HighScale = 4;

    /// <summary>f32: sum of the group's values.</summary>
    public int Sum => Digits == 1 ? 4 : 8;

    /// <summary>int32 for every digit: what its sum of products starts from, minus the weights' zero point times the digits' sum.</summary>
    public int Start(int digit) => Sum + 4 + 4 * digit;

    /// <summary>Four inputs of a digit.</summary>
    public int Four(int digit, int step) => Start(Digits) + digit * GroupLength + 4 * step;

    public int Bytes => Four(Digits, 0);
}

/// <summary>Quantises rows; see <see cref="DigitLayout"/>. Inputs are padded to whole groups with zeros.</summary>
internal readonly unsafe struct QuantiseRowsJob(TensorView input, byte* output, long stride, DigitLayout layout, int zeroPoint) : IJob
{
    // Integers up to 8,355,711 have digits of at most 127; the rounding of x / scale must not go beyond. Below the smallest value the reciprocal of the scale is infinite: such a group counts as zeros.
    private const float ThreeDigits = 8_355_000, OneDigit = 127, Smallest = 1e-30f;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int first, int last)
    {
        float* padded = stackalloc float[layout.GroupLength];
        for (int row = first; row < last; row++)
        {
            float* x = input.Pointer(row);
            byte* group = output + row * stride;
            for (int k = 0; k < input.Columns; k += layout.GroupLength, group += layout.Bytes)
            {
                if (k + layout.GroupLength <= input.Columns)
                {
                    Group(x + k, group);
                    continue;
                }
                for (int i = 0; i < layout.GroupLength; i++) padded[i] = k + i < input.Columns ? x[k + i] : 0;
                Group(padded, group);
            }
        }
    }

    private void Group(float* x, byte* group)
    {
        var most = Vector256<float>.Zero;
        var finite = Vector256<float>.Zero;
        for (int i = 0; i < layout.GroupLength; i += 8)
        {
            var value = Vector256.Load(x + i);
            most = Vector256.Max(most, Vector256.Abs(value));
            finite += value * Vector256<float>.Zero; // not a number where x is none or infinite
        }
        float largest = MaxAcross(most), limit = layout.Digits == 1 ? OneDigit : ThreeDigits, scale = largest / limit;
        float inverse = limit / largest;
        bool isFinite = Vector256.EqualsAll(finite, Vector256<float>.Zero);
        // What is not finite must not become a number: its scale makes every product of the row not a number.
        if (!isFinite) (scale, inverse) = (float.NaN, 0);
        else if (largest < Smallest) (scale, inverse) = (0, 0);
        if (layout.Digits == 1) One(x, group, scale, inverse);
        else Three(x, group, scale, inverse);
    }

    private void One(float* x, byte* group, float scale, float inverse)
    {
        var sums = Vector256<int>.Zero;
        for (int i = 0; i < layout.GroupLength; i += 16)
        {
            Vector256<int> a = Round(x + i, inverse), b = Round(x + i + 8, inverse);
            sums += a + b;
            StoreBytes((sbyte*)group + layout.Four(0, 0) + i, a, b);
        }
        int sum = Vector256.Sum(sums);
        *(float*)(group + DigitLayout.Scale) = scale;
        *(float*)(group + layout.Sum) = sum * scale;
        *(int*)(group + layout.Start(0)) = -zeroPoint * sum;
    }

    private void Three(float* x, byte* group, float scale, float inverse)
    {
        Vector256<int> sum0 = default, sum1 = default, sum2 = default, total = default;
        for (int i = 0; i < layout.GroupLength; i += 16)
        {
            Vector256<int> a = Round(x + i, inverse), b = Round(x + i + 8, inverse);
            Vector256<int> a2 = SignedByte(a), b2 = SignedByte(b), a1 = SignedByte((a - a2) >> 8), b1 = SignedByte((b - b2) >> 8);
            Vector256<int> a0 = (a - a2 - (a1 << 8)) >> 16, b0 = (b - b2 - (b1 << 8)) >> 16;
            total += a + b;
            sum0 += a0 + b0;
            sum1 += a1 + b1;
            sum2 += a2 + b2;
            StoreBytes((sbyte*)group + layout.Four(0, 0) + i, a0, b0);
            StoreBytes((sbyte*)group + layout.Four(1, 0) + i, a1, b1);
            StoreBytes((sbyte*)group + layout.Four(2, 0) + i, a2, b2);
        }
        *(float*)(group + DigitLayout.Scale) = scale;
        *(float*)(group + DigitLayout.HighScale) = 65536 * scale;
        *(float*)(group + layout.Sum) = Vector256.Sum(total) * scale;
        *(int*)(group + layout.Start(0)) = -zeroPoint * Vector256.Sum(sum0);
        *(int*)(group + layout.Start(1)) = -zeroPoint * Vector256.Sum(sum1);
        *(int*)(group + layout.Start(2)) = -zeroPoint * Vector256.Sum(sum2);
    }

    /// <summary>To the nearest integer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Round(float* x, float inverse) => Vector256.ConvertToInt32(Vector256.Round(Vector256.Load(x) * inverse));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> SignedByte(Vector256<int> value) => (value << 24) >> 24;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreBytes(sbyte* to, Vector256<int> a, Vector256<int> b)
    {
        var words = Vector256.Narrow(a, b);
        Vector128.Narrow(words.GetLower(), words.GetUpper()).Store(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float MaxAcross(Vector256<float> value) => LaneTree.Max(Vector128.Max(value.GetLower(), value.GetUpper()));
}
