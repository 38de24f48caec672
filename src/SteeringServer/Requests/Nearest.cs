namespace SteeringServer.Requests;

/// <summary>Finds what a misspelt name most likely meant.</summary>
internal static class Nearest
{
    private const int LongestCompared = 64;

    /// <summary><c> (did you mean 'x'?)</c> where a candidate is within two edits (one in a short name), else nothing.</summary>
    public static string Hint(string name, IEnumerable<string> candidates)
    {
        if (name.Length is 0 or > LongestCompared) return "";
        string? best = null;
        int fewest = Math.Min(2, name.Length / 3) + 1;
        foreach (string candidate in candidates)
        {
            if (candidate.Length > LongestCompared || Math.Abs(candidate.Length - name.Length) >= fewest) continue;
            int edits = Edits(name, candidate);
            if (edits < fewest) (best, fewest) = (candidate, edits);
        }
        return best is null ? "" : $" (did you mean '{best}'?)";
    }

    // Levenshtein's distance, one row at a time.
    private static int Edits(string from, string to)
    {
        Span<int> row = stackalloc int[LongestCompared + 1];
        for (int j = 0; j <= to.Length; j++) row[j] = j;
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int substituted = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.Length];
    }
}
