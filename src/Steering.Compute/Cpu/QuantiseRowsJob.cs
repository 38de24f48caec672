using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Steering.Compute.Cpu;

/// <summary>Quantises rows; see <see cref="DigitLayout"/>. Inputs are padded to whole groups with zeros.</summary>
internal readonly unsafe struct QuantiseRowsJob(TensorView input, byte* output, long stride, DigitLayout layout, int zeroPoint) : IJob
{
    // Integers up to 8,355,711 have digits of at most 127; the rounding of x / scale must not go beyond. Below the smallest value the reciprocal of the scale is infinite: such a group counts as zeros.
    private const float ThreeDigits = 8_355_000, OneDigit = 127, Smallest = 1e-30f;

    [MethodImpl(Compiled.Apart)]
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
