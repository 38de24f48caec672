using System.Collections.Immutable;
using Steering.Engine.Interventions;

namespace SteeringServer.Features.Models;

/// <summary>A point of the network with its sites, as clients read of it: one row a point, not one a block, with the exceptions.</summary>
/// <param name="Sites"><c>resid_post.0-7</c>.</param>
/// <param name="Except">The sites that cannot be steered, with the sentence a user reads.</param>
internal sealed record SiteRow(string Point, string Sites, int Width, bool IsSteerable, ImmutableArray<(string Site, string Reason)> Except)
{
    public static IEnumerable<SiteRow> Of(SiteTable sites)
    {
        foreach (string name in Site.PointNames)
        {
            if (!Site.TryParsePoint(name, out var point)) continue;
            bool isGlobal = Site.IsGlobal(point);
            Site[] all = isGlobal ? [new Site(point, -1)] : [.. Enumerable.Range(0, sites.Blocks).Select(block => new Site(point, block))];
            ImmutableArray<(string, string)> missing = [.. all.Where(site => !sites.Exists(site)).Select(site => (site.ToString(), sites.WhyNot(site)!))];
            yield return new SiteRow(name, isGlobal ? name : $"{name}.0-{sites.Blocks - 1}", sites.Width(point), missing.Length < all.Length, missing);
        }
    }
}
