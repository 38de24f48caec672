using System.Collections.Immutable;
using System.Text.Json;
using Steering.Engine.Interventions;
using SteeringServer.Requests;

namespace SteeringServer.Features.Steering;

/// <summary>Reads <c>sites</c> (<c>["resid_post.4", "norm_attn.2-5", "embed"]</c>) or <c>layers</c> (<c>[4, "6-9"]</c>, which means block outputs).</summary>
internal static class SiteReader
{
    /// <returns>Empty where neither field is there: the vector's own sites.</returns>
    public static ImmutableArray<SiteSelector> Read(JsonFields fields)
    {
        if (fields.Has("sites") && fields.Has("layers"))
        {
            fields.Report("layers", "sites and layers say the same thing twice (layers are the resid_post sites); leave one out");
            return [];
        }
        string name = fields.Has("layers") ? "layers" : "sites";
        if (fields.Take(name) is not { } value) return [];
        var selectors = ImmutableArray.CreateBuilder<SiteSelector>();
        if (value.ValueKind != JsonValueKind.Array) Add(selectors, value, fields.PathOf(name), name, fields.Problems);
        else if (value.GetArrayLength() == 0) fields.Report(name, "is an empty list; name at least one, or leave the field out to use every site of the vector");
        else
        {
            int index = 0;
            foreach (var item in value.EnumerateArray()) Add(selectors, item, $"{fields.PathOf(name)}[{index++}]", name, fields.Problems);
        }
        return selectors.ToImmutable();
    }

    private static void Add(ImmutableArray<SiteSelector>.Builder selectors, JsonElement item, string path, string name, FieldProblems problems)
    {
        string? text = item.ValueKind == JsonValueKind.String ? item.GetString() : null;
        if (name == "layers")
        {
            if (JsonNumbers.TryInt(item, out int block)) text = block >= 0 ? $"{block}" : null;
            if (text is not null && SiteSelector.TryParse($"{Site.NameOf(SitePoint.ResidPost)}.{text}", out var layer)) selectors.Add(layer);
            else problems.Add(path, $"found {Found.Describe(item)}; expected a block number from 0, a range such as \"4-7\", or \"*\" for all blocks");
            return;
        }
        if (text is not null && SiteSelector.TryParse(text, out var selector)) selectors.Add(selector);
        else problems.Add(path, $"found {Found.Describe(item)}; expected a site such as \"resid_post.4\", \"norm_attn.2-5\", \"resid_post.*\" or \"embed\"; "
            + $"the points are {string.Join(", ", Site.PointNames)}");
    }
}
