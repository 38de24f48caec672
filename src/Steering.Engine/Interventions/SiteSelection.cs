namespace Steering.Engine.Interventions;

/// <summary>A site where a use acts.</summary>
/// <param name="Site">Where it acts.</param>
/// <param name="Source">The site whose tensor it takes: the same one, or the vector's only one.</param>
/// <param name="Path">The field that selected it.</param>
internal readonly record struct SelectedSite(Site Site, Site Source, string Path);

/// <summary>Turns a use's selectors into sites of the model that the vector has tensors for.</summary>
internal static class SiteSelection
{
    /// <returns>The sites in forward order, each once; without those that problems were reported for.</returns>
    public static List<SelectedSite> Resolve(VectorUse use, SiteTable table, ProblemList problems, List<string> warnings)
    {
        Site[] own = [.. use.Vector.Tensors.Select(tensor => tensor.Site).Distinct().Order()];
        if (own.Length == 0)
        {
            problems.Add(VectorPath(use), SteeringProblemCode.MissingTensor, $"vector {use.Vector.Name} has no tensors: store it again with at least one");
            return [];
        }
        var selected = use.Sites.IsEmpty ? OwnSites(use, own, table, problems) : Selected(use, own, table, problems, warnings);
        selected.Sort((left, right) => left.Site.CompareTo(right.Site));
        return selected;
    }

    /// <summary>The field that names the vector; an inline vector is its own field.</summary>
    public static string VectorPath(VectorUse use) => use.Vector.IsInline ? use.Path : $"{use.Path}.vector";

    private static List<SelectedSite> OwnSites(VectorUse use, Site[] own, SiteTable table, ProblemList problems)
    {
        string path = VectorPath(use);
        foreach (var site in own)
        {
            if (table.Exists(site)) continue;
            if (table.RefusalOf(site) is { } reason) Refuse(problems, path, site, reason);
            else problems.AddAt(path, SteeringProblemCode.BlockOutOfRange, site,
                $"vector {use.Vector.Name} has tensors at {ProblemList.Sites}, but {table.ValidBlocks}: it was made for another model; "
                    + "to use part of it, select sites");
        }
        return [.. own.Where(table.Exists).Select(site => new SelectedSite(site, site, path))];
    }

    private static List<SelectedSite> Selected(VectorUse use, Site[] own, SiteTable table, ProblemList problems, List<string> warnings)
    {
        var selected = new Dictionary<Site, SelectedSite>();
        for (int i = 0; i < use.Sites.Length; i++)
        {
            string path = $"{use.Path}.sites[{i}]";
            var sites = SitesOf(use.Sites[i], path, table, problems, warnings);
            var again = sites.Where(selected.ContainsKey).ToList();
            if (again.Count > 0) warnings.Add($"{path}: {SiteRanges.Describe(again)} was selected before and is edited once");
            var borrowed = new List<Site>();
            foreach (var site in sites.Except(again))
            {
                bool has = Array.BinarySearch(own, site) >= 0;
                if (has || own.Length == 1)
                {
                    selected.Add(site, new SelectedSite(site, has ? site : own[0], path));
                    if (!has) borrowed.Add(site);
                }
                else problems.AddAt(path, SteeringProblemCode.MissingTensor, site, $"vector {use.Vector.Name} has no tensor at {ProblemList.Sites}; "
                    + $"it has tensors at {SiteRanges.Describe(own)}: select among these, or leave sites out to use them all");
            }
            if (borrowed.Count > 0)
                warnings.Add($"{path}: vector {use.Vector.Name} has a tensor at {own[0]} only, which is used at {SiteRanges.Describe(borrowed)}: "
                    + "a direction need not mean the same at another site");
        }
        return [.. selected.Values];
    }

    private static List<Site> SitesOf(SiteSelector selector, string path, SiteTable table, ProblemList problems, List<string> warnings)
    {
        bool isGlobal = Site.IsGlobal(selector.Point);
        int first = isGlobal ? -1 : selector.First ?? 0;
        int last = isGlobal ? -1 : selector.First is null ? table.Blocks - 1 : selector.Last ?? first;
        if (!isGlobal && (first < 0 || last >= table.Blocks || last < first))
        {
            problems.Add(path, SteeringProblemCode.BlockOutOfRange, $"found {selector}, but {table.ValidBlocks}");
            return [];
        }
        var all = Enumerable.Range(first, last - first + 1).Select(block => new Site(selector.Point, block)).ToList();
        var refused = all.Where(site => !table.Exists(site)).ToList();
        // Asked for all blocks, the user means all that have the site, and is told which have not; asked for a block, exactly that one.
        if (!isGlobal && selector.First is null && refused.Count < all.Count)
        {
            if (refused.Count > 0) warnings.Add($"{path}: {selector} leaves out {SiteRanges.Describe(refused)}: {table.RefusalOf(refused[0])}");
        }
        else
        {
            foreach (var site in refused) Refuse(problems, path, site, table.RefusalOf(site)!);
        }
        return [.. all.Except(refused)];
    }

    private static void Refuse(ProblemList problems, string path, Site site, string reason) =>
        problems.AddAt(path, SteeringProblemCode.UnknownSite, site,
            $"{ProblemList.Sites} is not available in this model: {reason}; the model's capabilities list the sites it has");
}
