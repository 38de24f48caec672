using System.Collections.Immutable;
using System.Text.Json;
using Steering.Engine.Interventions;
using SteeringServer.Errors;
using SteeringServer.Features.Vectors;
using SteeringServer.Requests;

namespace SteeringServer.Features.Steering;

/// <summary>Reads the <c>steering</c> field of a request: an object, or the shorthand as a string. Unknown fields are refused: they would change what the text means.</summary>
internal static class SteeringReader
{
    private const string Path = "steering";

    public static SteeringRequest Read(JsonElement value, VectorCatalog catalog, FieldProblems problems)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return SteeringShorthand.Read(value.GetString()!, Path, catalog, problems);
            case JsonValueKind.Object:
                return ReadObject(new JsonFields(value, Path, problems), catalog);
            default:
                problems.Add(Path, $"found {Found.Describe(value)}; expected an object such as {{\"use\": [{{\"vector\": \"name\", \"strength\": 1}}]}}, or "
                    + "a string such as \"0.5 name\"");
                return SteeringRequest.None;
        }
    }

    private static SteeringRequest ReadObject(JsonFields fields, VectorCatalog catalog)
    {
        var withLayers = ImmutableHashSet.CreateBuilder<string>();
        var uses = fields.List("use", (item, path) => ReadUse(item, path, catalog, fields.Problems, withLayers), "objects") ?? [];
        uses.AddRange(fields.List("inline", (item, path) => InlineVectorReader.Read(item, path, fields.Problems), "objects") ?? []);
        bool isDryRun = fields.Bool("dry_run") ?? false;
        var (receipt, unsteered) = ReadInclude(fields);
        foreach (string later in new[] { "experiment", "default", "conflict", "vectors" })
            if (fields.Has(later)) fields.Report(later, "is not supported by this server yet; leave it out", ErrorCode.Unsupported);
        fields.RefuseOthers("steering", "; it takes use, inline, include and dry_run");
        return new SteeringRequest
        {
            IsPresent = true,
            Spec = new SteeringSpec([.. uses]),
            WantsReceipt = receipt,
            WantsUnsteered = unsteered,
            IsDryRun = isDryRun,
            PathsWithLayers = withLayers.ToImmutable(),
        };
    }

    private static VectorUse? ReadUse(JsonElement item, string path, VectorCatalog catalog, FieldProblems problems, ImmutableHashSet<string>.Builder withLayers)
    {
        var fields = new JsonFields(item, path, problems);
        if (item.ValueKind != JsonValueKind.Object) return null;
        string? reference = ReadReference(fields);
        var vector = reference is null ? null : catalog.Resolve(reference, fields.PathOf("vector"), problems);
        var use = UseReader.Read(fields, path);
        if (fields.Has("layers")) withLayers.Add(path);
        fields.RefuseOthers("a use of a vector");
        return vector is null ? null : use with { Vector = vector, Reference = reference! };
    }

    // "vector": "name", "name@3" or "name" with "version": 3, "prod" or "sha256:...".
    private static string? ReadReference(JsonFields fields)
    {
        string? name = fields.String("vector");
        if (name is null && !fields.Has("vector")) fields.Report("vector", "is missing; name a vector of GET /v1/vectors, or send one under steering.inline");
        if (fields.Take("version") is not { } version) return name;
        string? selector = version.ValueKind == JsonValueKind.String ? version.GetString() : JsonNumbers.TryInt(version, out int number) && number > 0 ? $"{number}" : null;
        if (selector is null) fields.Expected("version", version, "a version number, an alias such as \"prod\", or \"sha256:...\"");
        else if (name?.Contains('@', StringComparison.Ordinal) == true) fields.Report("version", "the version is given twice: after the vector's name and "
            + "here; leave one out");
        else if (name is not null) return $"{name}@{selector}";
        return name;
    }

    private static (bool Receipt, bool Unsteered) ReadInclude(JsonFields fields)
    {
        if (fields.List("include", (item, path) => ReadPart(item, path, fields.Problems), "names") is not { } parts) return (true, false);
        return (parts.Contains("receipt"), parts.Contains("unsteered"));
    }

    private static string? ReadPart(JsonElement item, string path, FieldProblems problems)
    {
        if (item.ValueKind == JsonValueKind.String && item.GetString() is "receipt" or "unsteered") return item.GetString();
        problems.Add(path, $"found {Found.Describe(item)}; expected \"receipt\" or \"unsteered\"");
        return null;
    }
}
