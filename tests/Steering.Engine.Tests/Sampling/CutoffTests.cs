using Steering.Engine.Sampling;

namespace Steering.Engine.Tests.Sampling;

public sealed class CutoffTests
{
    /// <summary>Every length around the eight values that are partitioned together, in orders that pivots like and dislike, with and without ties.</summary>
    public static TheoryData<int, string> Inputs()
    {
        var inputs = new TheoryData<int, string>();
        foreach (int length in (int[])[1, 2, 7, 8, 9, 15, 16, 17, 40, 1000])
            foreach (string order in (string[])["random", "ties", "equal", "ascending", "descending"]) inputs.Add(length, order);
        return inputs;
    }

    [Theory]
    [MemberData(nameof(Inputs))]
    public void The_border_of_a_mass_is_where_a_sorted_sum_reaches_it(int length, string order)
    {
        double[] values = Values(length, order), sorted = [.. values.OrderDescending()];
        foreach (double share in (double[])[0, 0.1, 0.5, 0.9, 1])
        {
            // Multiples of 1/64: sums are exact in every order.
            double mass = Math.Floor(share * sorted.Sum() * 64) / 64, above = 0;
            int at = 0;
            while (above + sorted[at] < mass && at < length - 1) above += sorted[at++];
            double border = sorted[at];
            Assert.Equal((border, sorted.Where(v => v > border).Sum()), Cutoff.ByMass([.. values], new double[length], mass));
        }
    }

    [Fact]
    public void A_mass_that_is_just_missed_takes_everything() => Assert.Equal((0.25, 0.5), Cutoff.ByMass([0.5, 0.25, 0.25], new double[3], 1.5));

    [Theory]
    [MemberData(nameof(Inputs))]
    public void The_kth_largest_is_found_and_those_before_it_come_first(int length, string order)
    {
        double[] sorted = [.. Values(length, order).OrderDescending()];
        foreach (int k in (int[])[1, (length + 1) / 2, length])
        {
            double[] values = Values(length, order);
            Assert.Equal(sorted[k - 1], Cutoff.KthLargest(values, k));
            Assert.Equal(sorted[..k], values[..k].OrderDescending());
        }
    }

    private static double[] Values(int length, string order)
    {
        var random = new Random(length);
        double[] values = [.. Enumerable.Range(0, length).Select(_ => (order == "ties" ? random.Next(4) : random.Next(1, 1 << 20)) / 64.0)];
        if (order == "equal") Array.Fill(values, 3);
        if (order == "ascending") Array.Sort(values);
        if (order == "descending") Array.Sort(values, (a, b) => b.CompareTo(a));
        return values;
    }
}
