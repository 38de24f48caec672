using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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
        var most = Vector512<float>.Zero;
        var finite = Vector512<float>.Zero;
        for (int i = 0; i < layout.GroupLength; i += 16)
        {
            var value = Vector512.Load(x + i);
            most = Vector512.MaxNative(most, Vector512.Abs(value));
            finite += value * Vector512<float>.Zero; // not a number where x is none or infinite
        }
        float largest = MaxAcross(most), limit = layout.Digits == 1 ? OneDigit : ThreeDigits, scale = largest / limit;
        float inverse = limit / largest;
        bool isFinite = Vector512.EqualsAll(finite, Vector512<float>.Zero);
        // What is not finite must not become a number: its scale makes every product of the row not a number.
        if (!isFinite) (scale, inverse) = (float.NaN, 0);
        else if (largest < Smallest) (scale, inverse) = (0, 0);
        if (layout.Digits == 1) One(x, group, scale, inverse);
        else Three(x, group, scale, inverse);
    }

    private void One(float* x, byte* group, float scale, float inverse)
    {
        var sums = Vector512<int>.Zero;
        for (int i = 0; i < layout.GroupLength; i += 16)
        {
            var value = Round(x + i, inverse);
            sums += value;
            StoreBytes((sbyte*)group + layout.Four(0, 0) + i, value);
        }
        int sum = Vector512.Sum(sums);
        *(float*)(group + DigitLayout.Scale) = scale;
        *(float*)(group + layout.Sum) = sum * scale;
        *(int*)(group + layout.Start(0)) = -zeroPoint * sum;
    }

    private void Three(float* x, byte* group, float scale, float inverse)
    {
        Vector512<int> highs = default, middles = default, lows = default;
        for (int i = 0; i < layout.GroupLength; i += 16)
        {
            var value = Round(x + i, inverse);
            Vector512<int> low = SignedByte(value), rest = (value - low) >> 8, middle = SignedByte(rest), high = (rest - middle) >> 8;
            highs += high;
            middles += middle;
            lows += low;
            StoreBytes((sbyte*)group + layout.Four(0, 0) + i, high);
            StoreBytes((sbyte*)group + layout.Four(1, 0) + i, middle);
            StoreBytes((sbyte*)group + layout.Four(2, 0) + i, low);
        }
        int highSum = Vector512.Sum(highs), middleSum = Vector512.Sum(middles), lowSum = Vector512.Sum(lows);
        *(float*)(group + DigitLayout.Scale) = scale;
        *(float*)(group + DigitLayout.HighScale) = 65536 * scale;
        *(float*)(group + layout.Sum) = ((highSum << 16) + (middleSum << 8) + lowSum) * scale;
        *(int*)(group + layout.Start(0)) = -zeroPoint * highSum;
        *(int*)(group + layout.Start(1)) = -zeroPoint * middleSum;
        *(int*)(group + layout.Start(2)) = -zeroPoint * lowSum;
    }

    /// <summary>To the nearest integer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Round(float* x, float inverse) => Vector512.ConvertToInt32Native(Vector512.Round(Vector512.Load(x) * inverse));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> SignedByte(Vector512<int> value) => (value << 24) >> 24;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreBytes(sbyte* to, Vector512<int> value)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.ConvertToVector128SByte(value).Store(to); // one instruction, where narrowing in two steps makes four of it
            return;
        }
        var words = Vector256.Narrow(value.GetLower(), value.GetUpper());
        Vector128.Narrow(words.GetLower(), words.GetUpper()).Store(to);
    }

    /// <summary>The largest of values that are not negative; any of them where one is not a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float MaxAcross(Vector512<float> value)
    {
        var eight = Vector256.MaxNative(value.GetLower(), value.GetUpper());
        return LaneTree.Max(Vector128.MaxNative(eight.GetLower(), eight.GetUpper()));
    }
}
