namespace Steering.Engine.Interventions;

/// <summary>Selects sites: a point with a range of blocks, both inclusive; null blocks means all.</summary>
public sealed record SiteSelector(SitePoint Point, int? First = null, int? Last = null)
{
    public bool Matches(Site site) => site.Point == Point && (First is null || (site.Block >= First && site.Block <= (Last ?? First)));

    /// <summary>Reads <c>resid_post.4</c>, <c>norm_attn.2-5</c>, <c>resid_post.*</c>, <c>embed</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out SiteSelector selector)
    {
        selector = new SiteSelector(SitePoint.Embed);
        if (Site.TryParse(text, out var site))
        {
            selector = Site.IsGlobal(site.Point) ? new SiteSelector(site.Point) : new SiteSelector(site.Point, site.Block, site.Block);
            return true;
        }
        int dot = text.IndexOf('.');
        if (dot < 0 || !Site.TryParsePoint(text[..dot], out var point) || Site.IsGlobal(point)) return false;
        var blocks = text[(dot + 1)..];
        if (blocks is "*")
        {
            selector = new SiteSelector(point);
            return true;
        }
        int dash = blocks.IndexOf('-');
        if (dash < 0 || !Site.TryParseBlock(blocks[..dash], out int first) || !Site.TryParseBlock(blocks[(dash + 1)..], out int last) || last < first) return false;
        selector = new SiteSelector(point, first, last);
        return true;
    }

    public override string ToString() => Site.IsGlobal(Point) ? Site.NameOf(Point)
        : First is null ? $"{Site.NameOf(Point)}.*"
        : First == Last ? $"{Site.NameOf(Point)}.{First}" : $"{Site.NameOf(Point)}.{First}-{Last}";
}
