namespace Steering.Engine.Tokenization.Unicode;

/// <summary>Characters that are the same letter but for case, by simple case folding: s, S and the long s; k, K and the Kelvin sign.</summary>
internal static class CaseFolding
{
    // Every letter that has other cases, with all of them.
    private static readonly Lazy<Dictionary<int, int[]>> Orbits = new(() =>
    {
        var byFolding = new Dictionary<int, List<int>>();
        int[] folds = PackedNumbers.Read(PropertyData.CaseFolds);
        int from = 0;
        for (int i = 0; i < folds.Length; i += 2)
        {
            from += folds[i];
            if (!byFolding.TryGetValue(folds[i + 1], out var orbit)) byFolding[folds[i + 1]] = orbit = [folds[i + 1]];
            orbit.Add(from);
        }
        return byFolding.Values.SelectMany(orbit => orbit.Select(member => (member, orbit))).ToDictionary(p => p.member, p => p.orbit.ToArray());
    });

    /// <summary>The set with all other cases of its letters.</summary>
    public static CodePointSet Close(CodePointSet set) => set.Union(CodePointSet.Of(Orbits.Value.Where(o => set.Contains(o.Key)).SelectMany(o => o.Value)));
}
