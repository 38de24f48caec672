namespace Steering.Engine.Interventions;

/// <summary>Sets of positions as half-open spans, sorted and disjoint, neighbours merged: one set has one form.</summary>
internal static class PositionSpans
{
    public static List<(int Start, int End)> Union(IEnumerable<(int Start, int End)> spans)
    {
        var merged = new List<(int Start, int End)>();
        foreach (var span in spans.Where(span => span.Start < span.End).OrderBy(span => span.Start))
        {
            if (merged.Count > 0 && span.Start <= merged[^1].End) merged[^1] = (merged[^1].Start, Math.Max(merged[^1].End, span.End));
            else merged.Add(span);
        }
        return merged;
    }

    public static List<(int Start, int End)> Intersect(List<(int Start, int End)> left, List<(int Start, int End)> right) =>
        Union(from a in left from b in right select (Math.Max(a.Start, b.Start), Math.Min(a.End, b.End)));

    public static List<(int Start, int End)> Subtract(List<(int Start, int End)> from, IEnumerable<(int Start, int End)> what)
    {
        foreach (var (start, end) in Union(what))
            from = Union(from.SelectMany(span => new[] { (span.Start, Math.Min(span.End, start)), (Math.Max(span.Start, end), span.End) }));
        return from;
    }
}
