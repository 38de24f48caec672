using System.Globalization;

namespace Steering.Engine.Interventions;

/// <summary>One place in the network, written <c>resid_post.16</c>; blocks count from 0; <c>embed</c> and <c>final_norm</c> have no block.</summary>
/// <param name="Point">Which activation.</param>
/// <param name="Block">Its transformer block, -1 for the points that exist once.</param>
public readonly record struct Site(SitePoint Point, int Block) : IComparable<Site>
{
    private static readonly string[] Names =
        ["embed", "resid_pre", "norm_attn", "head_in", "attn_out", "norm_mlp", "mlp_gate", "mlp_act", "mlp_out", "resid_post", "final_norm"];

    /// <summary>The names of all points, in forward order.</summary>
    public static IReadOnlyList<string> PointNames => Names;

    /// <summary>True for the points that exist once per model rather than once per block.</summary>
    public static bool IsGlobal(SitePoint point) => point is SitePoint.Embed or SitePoint.FinalNorm;

    public static string NameOf(SitePoint point) => Names[(int)point];

    public static bool TryParsePoint(ReadOnlySpan<char> name, out SitePoint point)
    {
        for (int i = 0; i < Names.Length; i++)
        {
            if (!name.SequenceEqual(Names[i])) continue;
            point = (SitePoint)i;
            return true;
        }
        point = default;
        return false;
    }

    /// <summary>Reads <c>resid_post.16</c>, <c>embed</c> or <c>final_norm</c>; false for anything else, negative blocks and leading zeros included.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Site site)
    {
        site = default;
        int dot = text.IndexOf('.');
        if (!TryParsePoint(dot < 0 ? text : text[..dot], out var point) || IsGlobal(point) != (dot < 0)) return false;
        if (dot < 0)
        {
            site = new Site(point, -1);
            return true;
        }
        var digits = text[(dot + 1)..];
        if (!TryParseBlock(digits, out int block)) return false;
        site = new Site(point, block);
        return true;
    }

    /// <summary>Reads a block number: digits only, without leading zeros, so that each block has one spelling.</summary>
    internal static bool TryParseBlock(ReadOnlySpan<char> digits, out int block) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out block) && (digits.Length == 1 || digits[0] != '0');

    /// <summary>Forward order: embed, then block by block, then final_norm.</summary>
    public int CompareTo(Site other) => Order.CompareTo(other.Order);

    private (int, int, SitePoint) Order => (Point switch { SitePoint.Embed => 0, SitePoint.FinalNorm => 2, _ => 1 }, Block, Point);

    public static bool operator <(Site left, Site right) => left.CompareTo(right) < 0;
    public static bool operator >(Site left, Site right) => left.CompareTo(right) > 0;
    public static bool operator <=(Site left, Site right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Site left, Site right) => left.CompareTo(right) >= 0;

    public override string ToString() => IsGlobal(Point) ? Names[(int)Point] : string.Create(CultureInfo.InvariantCulture, $"{Names[(int)Point]}.{Block}");
}
