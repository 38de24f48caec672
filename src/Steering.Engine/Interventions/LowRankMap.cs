namespace Steering.Engine.Interventions;

/// <summary>The tensors of <see cref="Operation.LowRank"/>: R and W [k, width], b [k].</summary>
internal static class LowRankMap
{
    /// <summary>Why the three are no map together; null where they are.</summary>
    public static string? WhyNot(SteeringTensor r, SteeringTensor w, SteeringTensor b)
    {
        if (r.Rows == w.Rows && r.Rows == b.Columns && r.Rows <= r.Columns) return null;
        return r.Rows > r.Columns ? $"r has {r.Rows} rows of {r.Columns} values; expected at most as many rows as values"
            : $"found {r.Rows} rows in r, {w.Rows} in w and {b.Columns} values in b; expected as many in each: W h + b - R h has a value per row of r";
    }
}
