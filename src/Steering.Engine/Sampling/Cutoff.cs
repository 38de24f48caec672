using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Steering.Engine.Sampling;

/// <summary>Finds where a descending order would be cut, without sorting: quickselect, linear on average.</summary>
internal static class Cutoff
{
    // Median-of-three pivots of sorted values halve them: whatever the input, sorting after so many rounds ends in n log n.
    private const int MostRounds = 64;

    /// <summary>The <paramref name="k"/>-th largest value (from 1); reorders the values so that the k largest come first.</summary>
    public static double KthLargest(Span<double> values, int k)
    {
        int start = 0, end = values.Length;
        for (int round = 0; ; round++)
        {
            if (round == MostRounds) Descending(values[start..end]);
            double pivot = MedianOfThree(values[start..end]);
            // Larger ones to [start, larger), equal ones to [larger, smaller), smaller ones to [smaller, end).
            int larger = start, smaller = end;
            for (int i = start; i < smaller;)
            {
                double value = values[i];
                if (value > pivot)
                {
                    values[i++] = values[larger];
                    values[larger++] = value;
                }
                else if (value < pivot)
                {
                    values[i] = values[--smaller];
                    values[smaller] = value;
                }
                else i++;
            }
            if (k <= larger) end = larger;
            else if (k <= smaller) return pivot;
            else start = smaller;
        }
    }

    /// <summary>The value at which the sum of values, taken from the largest down, first reaches <paramref name="mass"/>, and the sum of all larger ones.</summary>
    /// <param name="values">Not empty; no NaN. Destroyed.</param>
    /// <param name="room">Room for as many.</param>
    /// <param name="mass">Where rounding leaves the sum of everything just short of it, the smallest value is returned.</param>
    public static (double Value, double Above) ByMass(Span<double> values, Span<double> room, double mass)
    {
        double above = 0;
        int count = values.Length;
        for (int round = 0; ; round++)
        {
            if (round == MostRounds) Descending(values[..count]);
            double pivot = MedianOfThree(values[..count]);
            var (larger, smaller, largerMass) = Partition(values[..count], room, pivot);
            if (above + largerMass >= mass && larger > 0)
            {
                count = larger;
                continue;
            }
            above += largerMass;
            double equalMass = (count - larger - smaller) * pivot;
            if (above + equalMass >= mass || smaller == 0) return (pivot, above);
            above += equalMass;
            var others = values;
            values = room;
            room = others;
            count = smaller;
        }
    }

    /// <summary>Larger values to the front of <paramref name="values"/>, smaller ones to that of <paramref name="room"/>, in order; equal ones are left out. Returns how many, and the sum of the larger ones.</summary>
    private static (int Larger, int Smaller, double LargerMass) Partition(Span<double> values, Span<double> room, double pivot)
    {
        ref double source = ref MemoryMarshal.GetReference(values), rest = ref MemoryMarshal.GetReference(room);
        var pivots = Vector512.Create(pivot);
        var sum = Vector512<double>.Zero;
        int larger = 0, smaller = 0, i = 0;
        for (; i + 8 <= values.Length; i += 8)
        {
            var value = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, i));
            Vector512<double> isLarger = Vector512.GreaterThan(value, pivots), isSmaller = Vector512.LessThan(value, pivots);
            sum += value & isLarger;
            // Neither writes behind i + 8: what has been read, and as far in the room.
            larger += Keep(value, isLarger, ref Unsafe.Add(ref source, larger));
            smaller += Keep(value, isSmaller, ref Unsafe.Add(ref rest, smaller));
        }
        double largerMass = Exponentials.Sum(sum);
        for (; i < values.Length; i++)
        {
            double value = values[i];
            if (value > pivot)
            {
                largerMass += value;
                values[larger++] = value;
            }
            else if (value < pivot)
            {
                room[smaller++] = value;
            }
        }
        return (larger, smaller, largerMass);
    }

    /// <summary>Writes the lanes of the mask together, and anything behind them; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Keep(Vector512<double> value, Vector512<double> mask, ref double to)
    {
        ulong bits = mask.ExtractMostSignificantBits();
        if (Avx512F.IsSupported)
        {
            Avx512F.Compress(Vector512<double>.Zero, mask, value).StoreUnsafe(ref to);
        }
        else
        {
            int kept = 0;
            for (ulong left = bits; left != 0; left &= left - 1) Unsafe.Add(ref to, kept++) = value[BitOperations.TrailingZeroCount(left)];
        }
        return BitOperations.PopCount(bits);
    }

    private static void Descending(Span<double> values) => values.Sort(static (a, b) => b.CompareTo(a));

    private static double MedianOfThree(ReadOnlySpan<double> values)
    {
        double a = values[0], b = values[(values.Length - 1) / 2], c = values[^1];
        return Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
    }
}
