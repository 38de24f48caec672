using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Steering.Engine.Interventions;
using SteeringServer.Grpc;
using Wire = Steering.V1;

namespace SteeringServer.Features.Vectors;

/// <summary>Vectors, reports and aliases as messages: what <see cref="VectorWriter"/> writes as JSON.</summary>
internal static class VectorMessages
{
    private static readonly EnumDescriptor Formats = EnumOf(Wire.ImportReport.Descriptor, "format"), Units = EnumOf(Wire.VectorSummary.Descriptor, "unit"),
        Origins = EnumOf(Wire.VectorSummary.Descriptor, "origin"), Roles = EnumOf(Wire.TensorSummary.Descriptor, "role");

    public static Wire.VectorSummary Summary(CatalogEntry entry)
    {
        var vector = entry.Vector;
        var summary = new Wire.VectorSummary
        {
            Id = $"{vector.Name}@{vector.Version}",
            Name = vector.Name,
            Version = vector.Version,
            Aliases = { entry.Aliases },
            Sha256 = vector.Sha256,
            Unit = EnumWords.ValueOf<Wire.Unit>(Units, SteeringNames.Of(vector.Unit ?? StrengthUnit.Raw)),
            Sites = { vector.Tensors.Select(tensor => tensor.Site.ToString()).Distinct() },
            Created = Timestamp.FromDateTimeOffset(entry.Created),
            Archived = entry.Archived is not null,
            Origin = EnumWords.ValueOf<Wire.Origin>(Origins, entry.Origin),
        };
        if (vector.Metadata.TryGetValue("method", out string? method)) summary.Method = method;
        return summary;
    }

    public static Wire.VectorDetails Details(CatalogEntry entry)
    {
        var vector = entry.Vector;
        var details = new Wire.VectorDetails
        {
            Summary = Summary(entry),
            Tensors =
            {
                vector.Tensors.Select(tensor => new Wire.TensorSummary
                {
                    Site = tensor.Site.ToString(),
                    Role = EnumWords.ValueOf<Wire.TensorRole>(Roles, tensor.Role.Length == 0 ? "unspecified" : tensor.Role),
                    Rows = tensor.Rows,
                    Width = tensor.Columns,
                    Norm = tensor.Norm,
                })
            },
            Metadata = { vector.Metadata },
        };
        foreach (var (site, norm) in vector.ResidualNorms) details.ResidualNorms[site.ToString()] = norm;
        if (vector.ModelFingerprint is { } fingerprint) details.ModelFingerprint = fingerprint;
        return details;
    }

    public static Wire.ImportReport Report(VectorReport report) => new()
    {
        Format = VectorIntake.FormatNames.Contains(report.Format) ? EnumWords.ValueOf<Wire.FileFormat>(Formats, report.Format) : Wire.FileFormat.Unspecified,
        Convention = report.Convention,
        Translations = { report.Translations.Select(Translation) },
        Problems = { report.Problems.Select(problem => new Wire.ImportProblem { Field = problem.Path, Code = problem.Code, Message = problem.Message }) },
        Warnings = { report.Warnings },
    };

    public static Wire.VectorAlias Alias(AliasState state)
    {
        var alias = new Wire.VectorAlias { Vector = state.Vector, Alias = state.Alias, Version = state.Version, Revision = state.Revision, Changed = Timestamp.FromDateTimeOffset(state.Changed) };
        if (state.Previous is { } previous) alias.Previous = previous;
        return alias;
    }

    /// <summary>The word of a format; null where none was said.</summary>
    public static string? FormatOf(Wire.FileFormat format) => format == Wire.FileFormat.Unspecified ? null : EnumWords.WordOf(Formats, (int)format);

    /// <summary>The word of a unit; null where none was said.</summary>
    public static string? UnitOf(Wire.Unit unit) => unit == Wire.Unit.Unspecified ? null : EnumWords.WordOf(Units, (int)unit);

    private static Wire.Translation Translation(ReportedTranslation item)
    {
        var translation = new Wire.Translation { Source = item.Source, Target = item.Target };
        if (item.Note is { } note) translation.Note = note;
        return translation;
    }

    private static EnumDescriptor EnumOf(MessageDescriptor message, string field) => message.FindFieldByName(field).EnumType;
}
