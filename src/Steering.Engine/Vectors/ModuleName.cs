using System.Globalization;
using System.Text.RegularExpressions;
using Steering.Engine.Interventions;

namespace Steering.Engine.Vectors;

/// <summary>Names that other projects give to a block or to a module whose output a direction was measured at.</summary>
internal static partial class ModuleName
{
    public const string Expected = "a block (4, layer_4, layers.4, direction.4, model.layers.4), or a module (model.layers.4.input_layernorm, blocks.4.hook_resid_post)";

    /// <summary>Reads a block's number: <c>4</c>, <c>layer_4</c>, <c>layers.4</c>, <c>block.4</c>, <c>direction.4</c>, <c>model.layers.4</c>.</summary>
    public static bool TryParseBlock(string name, out int block)
    {
        block = 0;
        var match = Block().Match(name);
        return match.Success && int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out block);
    }

    /// <summary>Reads the name of a module of transformers (<c>model.layers.4.input_layernorm</c>) or of a hook of TransformerLens (<c>blocks.4.hook_resid_post</c>).</summary>
    /// <param name="hasFourNorms">The file also names norms of the fourth kind that Gemma 2 and 3 have: there post_attention_layernorm is what attention adds.</param>
    public static bool TryParse(string name, bool hasFourNorms, out Site site)
    {
        site = default;
        var match = Module().Match(name);
        if (!match.Success || !int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int block)) return false;
        SitePoint? point = match.Groups[2].Value switch
        {
            "" or "hook_resid_post" => SitePoint.ResidPost,
            "hook_resid_pre" => SitePoint.ResidPre,
            "hook_attn_out" => SitePoint.AttnOut,
            "hook_mlp_out" => SitePoint.MlpOut,
            "input_layernorm" => SitePoint.NormAttn,
            "post_attention_layernorm" => hasFourNorms ? SitePoint.AttnOut : SitePoint.NormMlp,
            "pre_feedforward_layernorm" => SitePoint.NormMlp,
            "post_feedforward_layernorm" => SitePoint.MlpOut,
            _ => null,
        };
        if (point is null) return false;
        site = new Site(point.Value, block);
        return true;
    }

    /// <summary>True for the names of a model with norms before and after each sublayer.</summary>
    public static bool HasFourNorms(IEnumerable<string> names) => names.Any(name => name.EndsWith(".pre_feedforward_layernorm", StringComparison.Ordinal));

    [GeneratedRegex(@"^(?:(?:model\.)?(?:layers?|blocks?|direction)[._]?)?([0-9]{1,10})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Block();

    [GeneratedRegex(@"^(?:model\.)*(?:layers|blocks)\.([0-9]{1,10})(?:\.([a-z_]+))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Module();
}
