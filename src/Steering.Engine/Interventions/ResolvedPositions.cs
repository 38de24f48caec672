namespace Steering.Engine.Interventions;

/// <summary>A <see cref="PositionRule"/> made absolute for one prompt: half-open position spans, sorted and disjoint,
/// and an optional set of token ids.</summary>
/// <remarks>Absolute positions mean the same whatever the chunking, batching or caching (docs/decisions.md 14).</remarks>
/// <param name="starts">First position of each span, ascending.</param>
/// <param name="ends">One past the last position of each span; <see cref="int.MaxValue"/> for a span without end.</param>
/// <param name="tokens">Token ids to restrict to, ascending; empty for any token.</param>
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

    public int SpanCount => starts.Length;

    /// <summary>The token ids it is restricted to, ascending; empty: any token.</summary>
    public ReadOnlySpan<int> Tokens => tokens;

    /// <summary>Positions in [start, end), whatever their token.</summary>
    public int CountIn(int start, int end)
    {
        int count = 0;
        for (int i = 0; i < starts.Length; i++) count += Math.Max(0, Math.Min(end, ends[i]) - Math.Max(start, starts[i]));
        return count;
    }
}
