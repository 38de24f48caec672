using System.Collections.Immutable;
using System.Text.Json;
using Steering.Engine.Interventions;
using Steering.Engine.Vectors;
using SteeringServer.Features.Vectors;
using SteeringServer.Requests;

namespace SteeringServer.Features.Steering;

/// <summary>
/// Reads one item of <c>steering.inline</c>: a vector that comes with the request, and how it is used. It holds one tensor, or several under
/// <c>tensors</c> (a plane has b1 and b2).
/// </summary>
internal static class InlineVectorReader
{
    public const string DefaultName = "inline";

    public static VectorUse? Read(JsonElement item, string path, FieldProblems problems)
    {
        var fields = new JsonFields(item, path, problems);
        if (item.ValueKind != JsonValueKind.Object) return null;
        string name = fields.String("name") ?? DefaultName;
        if (!VectorReference.IsName(name)) fields.Report("name", $"found {Found.Quote(name)}; expected lower-case letters, digits, '.', '_', '-', starting "
            + "with a letter or digit");
        var tensors = fields.Has("tensors") ? ReadTensors(fields) : InlineTensorReader.Read(fields);
        var use = UseReader.Read(fields, path, readsSites: false);
        fields.RefuseOthers("an inline vector");
        if (tensors is not { } found) return null;
        return use with
        {
            Vector = new SteeringVector { Name = name, Version = 0, Sha256 = VectorHash.Compute(found, null, ImmutableDictionary<Site, float>.Empty), Tensors = found },
            Reference = name,
        };
    }

    /// <summary>The tensors of a list <c>tensors</c>, each with its sites and role; null where a problem was reported.</summary>
    public static ImmutableArray<SteeringTensor>? ReadTensors(JsonFields fields)
    {
        foreach (string single in new[] { "data", "values", "shape", "dtype", "role", "layers", "sites" })
            if (fields.Has(single)) fields.Report(single, "belongs inside an item of tensors");
        bool isWhole = true;
        var parts = fields.List("tensors", (item, path) =>
        {
            var part = new JsonFields(item, path, fields.Problems);
            var read = item.ValueKind == JsonValueKind.Object ? InlineTensorReader.Read(part) : null;
            part.RefuseOthers("a tensor", "; it takes layers or sites, role, dtype, shape, and data or values");
            isWhole &= read is not null;
            return read is { } tensors ? (object)tensors : null;
        }, "objects");
        if (parts is { Count: 0 }) fields.Report("tensors", "is an empty list; send at least one tensor");
        if (!isWhole || parts is not { Count: > 0 }) return null;
        ImmutableArray<SteeringTensor> all = [.. parts.Cast<ImmutableArray<SteeringTensor>>().SelectMany(tensors => tensors)];
        if (all.Select(tensor => tensor.FileName).Distinct().Count() == all.Length) return all;
        fields.Report("tensors", "two tensors have the same site and role; send each once");
        return null;
    }
}
