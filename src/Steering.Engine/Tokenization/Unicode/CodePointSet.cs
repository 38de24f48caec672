namespace Steering.Engine.Tokenization.Unicode;

/// <summary>An immutable set of code points, kept as sorted ranges.</summary>
internal sealed class CodePointSet : IEquatable<CodePointSet>
{
    /// <summary>One more than the largest code point.</summary>
    public const int Limit = 0x110000;

    // First code point inside, first outside, and so on; strictly ascending, of even length.
    private readonly int[] _bounds;

    // A bit for each code point below 128: most of what is asked for.
    private readonly UInt128 _ascii;

    private CodePointSet(int[] bounds)
    {
        _bounds = bounds;
        for (int codePoint = 0; codePoint < 128; codePoint++)
            if (Search(codePoint)) _ascii |= UInt128.One << codePoint;
    }

    public static CodePointSet Empty { get; } = new([]);
    public static CodePointSet All { get; } = new([0, Limit]);

    /// <summary>The ends of the ranges: first inside, first outside, and so on.</summary>
    public ReadOnlySpan<int> Bounds => _bounds;

    public bool IsEmpty => _bounds.Length == 0;

    public static CodePointSet Of(int codePoint) => new([codePoint, codePoint + 1]);

    /// <summary>All code points from <paramref name="first"/> to <paramref name="last"/>, both inside.</summary>
    public static CodePointSet Range(int first, int last) => new([first, last + 1]);

    public static CodePointSet Of(IEnumerable<int> codePoints)
    {
        var bounds = new List<int>();
        foreach (int codePoint in codePoints.Order())
        {
            if (bounds.Count > 0 && bounds[^1] == codePoint) bounds[^1] = codePoint + 1;
            else if (bounds.Count == 0 || bounds[^1] < codePoint) bounds.AddRange([codePoint, codePoint + 1]);
        }
        return new([.. bounds]);
    }

    /// <summary>From the lengths of runs, alternately outside and inside the set.</summary>
    public static CodePointSet FromRuns(ReadOnlySpan<int> lengths)
    {
        var bounds = new int[lengths.Length];
        int at = 0;
        for (int i = 0; i < lengths.Length; i++) bounds[i] = at += lengths[i];
        return new(bounds.Length % 2 == 0 ? bounds : [.. bounds, Limit]);
    }

    /// <summary>From ranges that are ascending and do not touch.</summary>
    internal static CodePointSet FromBounds(int[] bounds) => new(bounds);

    public bool Contains(int codePoint) => codePoint < 128 ? (_ascii >> codePoint & 1) != 0 : Search(codePoint);

    private bool Search(int codePoint)
    {
        int at = Array.BinarySearch(_bounds, codePoint);
        if (at < 0) at = ~at - 1;
        return (at & 1) == 0;
    }

    public CodePointSet Union(CodePointSet other) => Merge(other, (left, right) => left || right);

    public CodePointSet Intersect(CodePointSet other) => Merge(other, (left, right) => left && right);

    public CodePointSet Negate() => Merge(All, (left, right) => right && !left);

    private CodePointSet Merge(CodePointSet other, Func<bool, bool, bool> keep)
    {
        var bounds = new List<int>();
        int i = 0, j = 0;
        bool inside = false;
        while (i < _bounds.Length || j < other._bounds.Length)
        {
            int left = i < _bounds.Length ? _bounds[i] : int.MaxValue, right = j < other._bounds.Length ? other._bounds[j] : int.MaxValue;
            int at = Math.Min(left, right);
            if (left == at) i++;
            if (right == at) j++;
            if (keep((i & 1) == 1, (j & 1) == 1) == inside) continue;
            inside = !inside;
            bounds.Add(at);
        }
        return new([.. bounds]);
    }

    public bool Equals(CodePointSet? other) => other is not null && _bounds.AsSpan().SequenceEqual(other._bounds);

    public override bool Equals(object? obj) => Equals(obj as CodePointSet);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int bound in _bounds) hash.Add(bound);
        return hash.ToHashCode();
    }
}
