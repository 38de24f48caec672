namespace Steering.Engine.Interventions;

/// <summary>Writes many sites as a user would: <c>embed, norm_attn.2-5, resid_post.7</c>.</summary>
public static class SiteRanges
{
    public static string Describe(IEnumerable<Site> sites)
    {
        var parts = new List<string>();
        foreach (var point in sites.Distinct().GroupBy(site => site.Point).OrderBy(group => group.Key))
        {
            int[] blocks = [.. point.Select(site => site.Block).Order()];
            for (int i = 0; i < blocks.Length;)
            {
                int first = i++;
                while (i < blocks.Length && blocks[i] == blocks[i - 1] + 1) i++;
                var start = new Site(point.Key, blocks[first]);
                parts.Add(i - first == 1 ? start.ToString() : $"{start}-{blocks[i - 1]}");
            }
        }
        return string.Join(", ", parts);
    }
}
