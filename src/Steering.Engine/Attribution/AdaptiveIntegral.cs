namespace Steering.Engine.Attribution;

/// <summary>
/// The integral of a path's slopes with points where they are needed. The objective itself is known at the ends of every interval, and with it the integral of the summed slopes: so an interval's error is not estimated but
/// known, and those with the largest are halved, as many as fit into one run. It ends when the scores add up to within the tolerance, and not by luck: errors cancel where intervals are still coarse, so the root of the sum of
/// their squares, what errors of either sign come to, must be within it too.
/// </summary>
internal static class AdaptiveIntegral
{
    /// <summary>Gradients that are computed in any case: one interval alone can add up by luck.</summary>
    public const int LeastBudget = 4 * PointsOfInterval;

    private const int PointsOfInterval = 4;
    private static readonly (double At, double Weight)[] s_rule = QuadratureRule.GaussLegendre(PointsOfInterval);

    private sealed record Interval(double Start, double End, double StartValue, double EndValue, double[] Scores)
    {
        public double Error { get; } = Scores.Sum() - (EndValue - StartValue);
    }

    /// <param name="budget">Gradients that may be computed; <see cref="LeastBudget"/> are.</param>
    /// <param name="progress">Called with gradients computed and expected.</param>
    public static AttributionResult Compute(EmbeddingPath path, double tolerance, int budget, Action<AttributionProgress>? progress)
    {
        int spent = 0;
        const int first = LeastBudget / PointsOfInterval;
        var ends = path.Evaluate([.. Enumerable.Range(0, first + 1).Select(i => i / (double)first)], wantsSlopes: false);
        double start = ends[0].Value, end = ends[^1].Value, allowed = tolerance * Math.Abs(end - start);
        var intervals = Measure([.. Enumerable.Range(0, first).Select(i => (i / (double)first, (i + 1) / (double)first, ends[i].Value, ends[i + 1].Value))]);
        while (Error(intervals) > allowed && spent + 2 * s_rule.Length <= budget)
        {
            int most = Math.Min(Math.Max(1, path.PointsAtOnce / (2 * s_rule.Length)), (budget - spent) / (2 * s_rule.Length));
            // Only intervals with more than their share of what is allowed, or the one with the largest error: halving the others gains nothing.
            double share = allowed / Math.Sqrt(intervals.Count);
            var worst = intervals.Where(CanBeHalved).OrderByDescending(interval => Math.Abs(interval.Error)).Take(most).Where((interval, i) => i == 0 || Math.Abs(interval.Error) > share).ToList();
            if (worst.Count == 0) break;
            var middles = path.Evaluate([.. worst.Select(Middle)], wantsSlopes: false);
            var halves = worst.Zip(middles).SelectMany(pair => new[]
            {
                (pair.First.Start, Middle(pair.First), pair.First.StartValue, pair.Second.Value), (Middle(pair.First), pair.First.End, pair.Second.Value, pair.First.EndValue),
            }).ToList();
            intervals.RemoveAll(worst.Contains);
            intervals.AddRange(Measure(halves));
        }
        // In order, so that the sum does not depend on which were halved first.
        var scores = new double[intervals[0].Scores.Length];
        foreach (var interval in intervals.OrderBy(interval => interval.Start))
            for (int i = 0; i < scores.Length; i++) scores[i] += interval.Scores[i];
        return new AttributionResult(scores, end, start, spent, Error(intervals) <= allowed);

        List<Interval> Measure(List<(double Start, double End, double StartValue, double EndValue)> parts)
        {
            double[] points = [.. parts.SelectMany(part => s_rule.Select(point => part.Start + point.At * (part.End - part.Start)))];
            var found = path.Evaluate(points, wantsSlopes: true, count =>
            {
                spent += count;
                progress?.Invoke(new AttributionProgress(spent, Math.Max(spent, budget)));
            });
            return [.. parts.Select((part, i) => new Interval(part.Start, part.End, part.StartValue, part.EndValue, Weighted(found.AsSpan(i * s_rule.Length, s_rule.Length), part.End - part.Start)))];
        }
    }

    private static double Error(List<Interval> intervals) => Math.Max(Math.Abs(intervals.Sum(interval => interval.Error)), Math.Sqrt(intervals.Sum(interval => interval.Error * interval.Error)));

    private static double[] Weighted(ReadOnlySpan<PathPoint> points, double length)
    {
        var scores = new double[points[0].Slopes!.Length];
        for (int p = 0; p < points.Length; p++)
            for (int i = 0; i < scores.Length; i++) scores[i] += length * s_rule[p].Weight * points[p].Slopes![i];
        return scores;
    }

    private static double Middle(Interval interval) => (interval.Start + interval.End) / 2;

    // Below this the embeddings of its points are the same f32 values.
    private static bool CanBeHalved(Interval interval) => interval.End - interval.Start > 1e-12;
}
