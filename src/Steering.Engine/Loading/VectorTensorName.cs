using System.Globalization;
using Steering.Engine.Interventions;

namespace Steering.Engine.Loading;

/// <summary>Names of tensors in vector files: <c>resid_post.4</c>, <c>resid_post.4.b1</c>, <c>embed</c>, and the older <c>l4.resid_post.v</c>.</summary>
internal static class VectorTensorName
{
    public const string Expected = "expected a site such as resid_post.4 or final_norm, with .b1 and .b2 for a plane or .u for a subspace (l4.resid_post.v is read too)";

    /// <summary>Site and role of a name; the role is empty for a direction.</summary>
    public static bool TryParse(string name, out Site site, out string role)
    {
        string rest = name;
        role = "";
        int dot = name.LastIndexOf('.');
        if (dot > 0 && name[(dot + 1)..] is "v" or "b1" or "b2" or "u")
        {
            role = name[(dot + 1)..];
            rest = name[..dot];
            if (role == "v") role = "";
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
