using System.Globalization;
using System.Text.Json;

namespace Steering.Cli.Rendering;

/// <summary>Values as a person writes them.</summary>
internal static class Plain
{
    /// <summary>A JSON value as text: strings without quotes, null and absent as nothing.</summary>
    public static string Text(JsonElement? value) => value switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => "",
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { } other => other.GetRawText(),
    };

    public static string Text(double? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    public static string Text(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    /// <summary>A length as a person compares it: four digits.</summary>
    public static string Norm(double? value) => value?.ToString("G4", CultureInfo.InvariantCulture) ?? "";

    /// <summary>A time, given in Unix seconds: <c>2026-08-21 12:03:11Z</c>.</summary>
    public static string Time(long? seconds) => seconds switch
    {
        null => "",
        >= -62_135_596_800 and <= 253_402_300_799 and var known => DateTimeOffset.FromUnixTimeSeconds(known).ToString("u", CultureInfo.InvariantCulture), // the years 1 to 9999
        { } other => other.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Sites with runs of blocks joined: <c>resid_post.2-6, final_norm</c>.</summary>
    public static string Sites(IEnumerable<string>? sites)
    {
        var runs = new List<(string Point, int First, int Last)>();
        foreach (string site in sites ?? [])
        {
            int dot = site.LastIndexOf('.');
            if (dot < 0 || !char.IsAsciiLetter(site[0]) || !int.TryParse(site.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int block)) runs.Add((site, -1, -1));
            else if (runs is [.., var last] && last.Point == site[..dot] && last.Last == block - 1) runs[^1] = last with { Last = block };
            else runs.Add((site[..dot], block, block));
        }
        return string.Join(", ", runs.Select(run => run.First < 0 ? run.Point : run.First == run.Last ? $"{run.Point}.{run.First}" : $"{run.Point}.{run.First}-{run.Last}"));
    }
}
