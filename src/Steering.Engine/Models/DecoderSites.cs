using Steering.Engine.Interventions;
using Steering.Engine.Loading;

namespace Steering.Engine.Models;

/// <summary>The sites a decoder of some shape has; those its family lacks are refused with the reason.</summary>
internal static class DecoderSites
{
    public static SiteTable Of(DecoderShape shape, string fingerprint)
    {
        var refused = new Dictionary<Site, string>();
        for (int i = 0; i < shape.Blocks; i++)
        {
            if (shape.NormPlacement == NormPlacement.After)
                foreach (var point in (SitePoint[])[SitePoint.NormAttn, SitePoint.NormMlp])
                    refused[new Site(point, i)] = $"{shape.ModelType} normalises what attention and MLP add, not what they read; use resid_pre.{i}, attn_out.{i} or mlp_out.{i}";
            if (shape.BlockShapes[i].HasExperts)
                foreach (var point in (SitePoint[])[SitePoint.MlpGate, SitePoint.MlpAct])
                    refused[new Site(point, i)] = $"block {i} is a mixture of experts, in which every token has other neurons; use norm_mlp.{i} or mlp_out.{i}";
            else if (!shape.IsGated)
                refused[new Site(SitePoint.MlpGate, i)] = $"the MLP of {shape.ModelType} has no gate; use mlp_act.{i}";
        }
        return new SiteTable(shape.Blocks, shape.HiddenSize, shape.QueryWidth, shape.IntermediateSize, refused, fingerprint);
    }
}
