using System.Globalization;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors;

/// <summary>Names of tensors in vector files: <c>resid_post.4</c>, <c>resid_post.4.b1</c>, <c>embed</c>, and the older <c>l4.resid_post.v</c>.</summary>
internal static class VectorTensorName
{
    public const string Expected = "expected a site such as resid_post.4 or final_norm, with .b1 and .b2 for a plane, .u for a subspace, or .r, .w and .b for a low-rank map (l4.resid_post.v is read too)";

    /// <summary>Puts an array where its name says.</summary>
    /// <exception cref="ModelFormatException">The name does not say it.</exception>
    public static PlacedArray Place(string file, string name, StoredArray array)
    {
        if (name.StartsWith("plane.", StringComparison.Ordinal))
            throw new ModelFormatException(file, name, "a plane shared by all sites is not supported; store it at each site, as resid_post.4.b1 and resid_post.4.b2");
        return TryParse(name, out var site, out string role) ? new PlacedArray(name, site, role, array) : throw new ModelFormatException(file, name, $"does not name a site; {Expected}");
    }

    /// <summary>Site and role of a name; the role is empty for a direction.</summary>
    public static bool TryParse(string name, out Site site, out string role)
    {
        string rest = name;
        role = "";
        int dot = name.LastIndexOf('.');
        string last = dot > 0 ? name[(dot + 1)..] : "";
        if (last.Length > 0 && (last == "v" || TensorRoles.IsKnown(last)))
        {
            role = last == "v" ? "" : last;
            rest = name[..dot];
        }
        return Site.TryParse(rest, out site) || TryParseOlder(rest, out site);
    }

    // l4.resid_post
    private static bool TryParseOlder(string text, out Site site)
    {
        site = default;
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        return text.StartsWith('l') && dot > 0 && int.TryParse(text.AsSpan(1, dot - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int block)
            && Site.TryParse(string.Create(CultureInfo.InvariantCulture, $"{text[(dot + 1)..]}.{block}"), out site);
    }
}
