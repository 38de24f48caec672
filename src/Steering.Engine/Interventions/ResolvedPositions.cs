namespace Steering.Engine.Interventions;

/// <summary>A <see cref="PositionRule"/> made absolute for one prompt: half-open position spans, sorted and disjoint, and an optional set of token ids.</summary>
/// <remarks>Absolute positions mean the same whatever the chunking, batching or caching (docs/decisions.md 14).</remarks>
public sealed class ResolvedPositions(int[] starts, int[] ends, int[] tokens)
{
    /// <summary>Every position.</summary>
    public static ResolvedPositions All { get; } = new([0], [int.MaxValue], []);

    /// <summary>Whether the token at an absolute position is edited. Allocates nothing.</summary>
    public bool Contains(int position, int token)
    {
        if (tokens.Length > 0 && Array.BinarySearch(tokens, token) < 0) return false;
        int at = Array.BinarySearch(starts, position);
        if (at < 0) at = ~at - 1;
        return at >= 0 && position < ends[at];
    }

    /// <summary>No position at all.</summary>
    public bool IsNever => starts.Length == 0;

    /// <summary>The spans, for reports.</summary>
    public IEnumerable<(int Start, int End)> Spans => starts.Zip(ends);
}
