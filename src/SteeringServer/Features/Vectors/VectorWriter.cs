using System.Collections.Immutable;
using System.Text.Json;
using Steering.Engine.Interventions;
using SteeringServer.Requests;

namespace SteeringServer.Features.Vectors;

/// <summary>Writes vectors, reports and aliases as JSON.</summary>
internal static class VectorWriter
{
    public static void WriteList(Utf8JsonWriter json, ImmutableArray<CatalogEntry> entries) => WriteListOf(json, entries, WriteSummary);

    public static void WriteAliases(Utf8JsonWriter json, ImmutableArray<AliasState> aliases) => WriteListOf(json, aliases, WriteAliasMembers);

    /// <summary>A version with its tensors and where it came from.</summary>
    public static void WriteDetails(Utf8JsonWriter json, CatalogEntry entry)
    {
        json.WriteStartObject();
        WriteDetailMembers(json, entry);
        json.WriteEndObject();
    }

    /// <summary>The answer to a registration.</summary>
    public static void WriteRegistration(Utf8JsonWriter json, Registration registration)
    {
        json.WriteStartObject();
        WriteDetailMembers(json, registration.Entry);
        json.WriteBoolean("existing"u8, registration.Existing);
        json.WriteStartObject("report"u8);
        WriteReportMembers(json, registration.Report);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The answer to a dry run.</summary>
    public static void WritePreview(Utf8JsonWriter json, RegistrationPreview preview)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "steering.vector.report"u8);
        json.WriteBoolean("valid"u8, preview.Report.IsValid);
        json.WriteString("name"u8, preview.Name);
        json.WriteString("would_be"u8, preview.WouldBe is { } version ? $"{preview.Name}@{version}" : null);
        json.WriteBoolean("existing"u8, preview.Existing);
        WriteReportMembers(json, preview.Report);
        json.WriteEndObject();
    }

    public static void WriteReport(Utf8JsonWriter json, VectorReport report)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "steering.vector.report"u8);
        WriteReportMembers(json, report);
        json.WriteEndObject();
    }

    public static void WriteAlias(Utf8JsonWriter json, AliasState alias)
    {
        json.WriteStartObject();
        WriteAliasMembers(json, alias);
        json.WriteStartArray("history"u8);
        foreach (var change in alias.History)
        {
            json.WriteStartObject();
            json.WriteNumber("revision"u8, change.Revision);
            if (change.Version is { } version) json.WriteNumber("version"u8, version);
            else json.WriteNull("version"u8);
            json.WriteString("change"u8, change.Version is null ? "removed"u8 : change.IsRollback ? "rollback"u8 : "set"u8);
            json.WriteNumber("changed"u8, change.Changed.ToUnixTimeSeconds());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void WriteArchived(Utf8JsonWriter json, Archival archived)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "steering.vector.archived"u8);
        json.WriteString("name"u8, archived.Name);
        json.WriteStartArray("versions"u8);
        foreach (int version in archived.Versions) json.WriteNumberValue(version);
        json.WriteEndArray();
        json.WriteTexts("aliases", archived.Aliases);
        json.WriteEndObject();
    }

    private static void WriteListOf<T>(Utf8JsonWriter json, IEnumerable<T> items, Action<Utf8JsonWriter, T> writeMembers)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        foreach (var item in items)
        {
            json.WriteStartObject();
            writeMembers(json, item);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteSummary(Utf8JsonWriter json, CatalogEntry entry)
    {
        var vector = entry.Vector;
        json.WriteString("id"u8, $"{vector.Name}@{vector.Version}");
        json.WriteString("object"u8, "steering.vector"u8);
        json.WriteString("name"u8, vector.Name);
        json.WriteNumber("version"u8, vector.Version);
        json.WriteTexts("aliases", entry.Aliases);
        json.WriteString("sha256"u8, vector.Sha256);
        json.WriteString("unit"u8, SteeringNames.Of(vector.Unit ?? StrengthUnit.Raw));
        json.WriteString("method"u8, vector.Metadata.GetValueOrDefault("method"));
        json.WriteTexts("sites", vector.Tensors.Select(tensor => tensor.Site.ToString()).Distinct());
        json.WriteNumber("created"u8, entry.Created.ToUnixTimeSeconds());
        json.WriteBoolean("archived"u8, entry.Archived is not null);
        json.WriteString("origin"u8, entry.Origin);
    }

    private static void WriteDetailMembers(Utf8JsonWriter json, CatalogEntry entry)
    {
        var vector = entry.Vector;
        WriteSummary(json, entry);
        json.WriteStartArray("tensors"u8);
        foreach (var tensor in vector.Tensors)
        {
            json.WriteStartObject();
            json.WriteString("site"u8, tensor.Site.ToString());
            json.WriteString("role"u8, tensor.Role.Length == 0 ? null : tensor.Role);
            json.WriteStartArray("shape"u8);
            json.WriteNumberValue(tensor.Rows);
            json.WriteNumberValue(tensor.Columns);
            json.WriteEndArray();
            json.WriteNumber("norm"u8, tensor.Norm);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteProvenance(json, vector);
    }

    /// <summary>Norms, model and metadata: the same in details and in a vector written out as JSON.</summary>
    public static void WriteProvenance(Utf8JsonWriter json, SteeringVector vector)
    {
        json.WriteStartObject("residual_norms"u8);
        foreach (var (site, norm) in vector.ResidualNorms.OrderBy(pair => pair.Key)) json.WriteNumber(site.ToString(), norm);
        json.WriteEndObject();
        json.WriteString("model_fingerprint"u8, vector.ModelFingerprint);
        json.WriteStartObject("metadata"u8);
        foreach (var (key, value) in vector.Metadata) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void WriteReportMembers(Utf8JsonWriter json, VectorReport report)
    {
        json.WriteString("format"u8, report.Format);
        json.WriteString("convention"u8, report.Convention);
        json.WriteStartArray("translations"u8);
        foreach (var item in report.Translations)
        {
            json.WriteStartObject();
            json.WriteString("source"u8, item.Source);
            json.WriteString("target"u8, item.Target);
            json.WriteString("note"u8, item.Note);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("problems"u8);
        foreach (var problem in report.Problems) WriteProblem(json, problem);
        json.WriteEndArray();
        json.WriteTexts("warnings", report.Warnings);
    }

    private static void WriteProblem(Utf8JsonWriter json, FieldProblem problem)
    {
        json.WriteStartObject();
        json.WriteString("field"u8, problem.Path);
        json.WriteString("code"u8, problem.Code);
        json.WriteString("message"u8, problem.Message);
        json.WriteEndObject();
    }

    private static void WriteAliasMembers(Utf8JsonWriter json, AliasState alias)
    {
        json.WriteString("object"u8, "steering.alias"u8);
        json.WriteString("vector"u8, alias.Vector);
        json.WriteString("alias"u8, alias.Alias);
        json.WriteNumber("version"u8, alias.Version);
        if (alias.Previous is { } previous) json.WriteNumber("previous"u8, previous);
        else json.WriteNull("previous"u8);
        json.WriteNumber("revision"u8, alias.Revision);
        json.WriteNumber("changed"u8, alias.Changed.ToUnixTimeSeconds());
    }
}
