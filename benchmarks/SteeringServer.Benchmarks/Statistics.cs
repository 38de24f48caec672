namespace SteeringServer.Benchmarks;

internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The middle 95% of the medians of resampled values (percentile bootstrap, always the same samples).</summary>
    public static (double Low, double High) Interval(IReadOnlyList<double> values, int samples = 4000)
    {
        var random = new Random(1);
        double[] medians = [.. Enumerable.Range(0, samples).Select(_ => Median(Enumerable.Range(0, values.Count).Select(_ => values[random.Next(values.Count)]))).Order()];
        return (medians[samples * 25 / 1000], medians[samples * 975 / 1000]);
    }
}
