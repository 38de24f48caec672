namespace Steering.Engine.Sampling;

/// <summary>Finds where a descending order would be cut, without sorting: quickselect, linear on average, in place.</summary>
internal static class Cutoff
{
    /// <summary>The <paramref name="k"/>-th largest value (from 1); reorders the values so that the k largest come first.</summary>
    public static double KthLargest(Span<double> values, int k) => Find(values, k, counting: true).Value;

    /// <summary>The value at which the sum of values, taken from the largest down, first reaches <paramref name="mass"/>, and the sum of all larger ones. Reorders the values.</summary>
    public static (double Value, double Above) ByMass(Span<double> values, double mass) => Find(values, mass, counting: false);

    /// <param name="values">Not empty; no NaN.</param>
    /// <param name="target">How much the cut-off part holds at least: of values if they are counted, of their sum if not.</param>
    /// <param name="counting">Whether each value weighs 1 or itself.</param>
    private static (double Value, double Above) Find(Span<double> values, double target, bool counting)
    {
        double above = 0;
        int start = 0, end = values.Length;
        for (int round = 0; ; round++)
        {
            // Median-of-three pivots of sorted values halve them: whatever the input, this ends in n log n.
            if (round == 64) values[start..end].Sort(static (a, b) => b.CompareTo(a));
            double pivot = MedianOfThree(values[start], values[(start + end - 1) / 2], values[end - 1]);
            // Larger ones to [start, larger), equal ones to [larger, i), smaller ones to [smaller, end).
            int larger = start, smaller = end;
            double largerMass = 0, equalMass = 0;
            for (int i = start; i < smaller;)
            {
                double value = values[i];
                if (value > pivot)
                {
                    largerMass += counting ? 1 : value;
                    values[i++] = values[larger];
                    values[larger++] = value;
                }
                else if (value < pivot)
                {
                    values[i] = values[--smaller];
                    values[smaller] = value;
                }
                else
                {
                    equalMass += counting ? 1 : value;
                    i++;
                }
            }
            if (above + largerMass >= target && larger > start)
            {
                end = larger;
                continue;
            }
            above += largerMass;
            // Rounding may leave the sum of everything just short of the target.
            if (above + equalMass >= target || smaller == end) return (pivot, above);
            above += equalMass;
            start = smaller;
        }
    }

    private static double MedianOfThree(double a, double b, double c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
