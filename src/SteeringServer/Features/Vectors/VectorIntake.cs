using System.Collections.Immutable;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Vectors;
using SteeringServer.Errors;
using SteeringServer.Requests;

namespace SteeringServer.Features.Vectors;

/// <summary>From what was sent to a vector that fits the model, or to the list of everything that is wrong with it.</summary>
internal sealed class VectorIntake(SiteTable sites)
{
    /// <summary>Tensors in JSON, as <c>POST /v1/vectors</c> takes them: the one format that is the host's own.</summary>
    public const string JsonFormat = "json";

    /// <summary>The formats that are read, by name.</summary>
    public static IEnumerable<string> FormatNames => VectorFormats.Names.Append(JsonFormat);

    /// <returns>The vector is null where the upload could not be read that far; the report's problems say why.</returns>
    public (SteeringVector? Vector, VectorReport Report) Read(VectorUpload upload)
    {
        var problems = new FieldProblems();
        VectorUploadFields.Name(upload.Name, null, problems);
        try
        {
            var import = upload switch
            {
                { File: { } file } => OfFile(file, problems),
                { Arrays: { } arrays } => VectorImporter.Read(arrays.Arrays, JsonFormat, arrays.Metadata, Options(arrays.FileName, arrays.Convention)),
                _ => OfTensors(upload),
            };
            var vector = Complete(import.Vector, upload);
            var validation = Check(vector);
            foreach (var problem in validation.Problems) problems.Add(problem);
            ImmutableArray<ReportedTranslation> translations = [.. import.Report.Translations.Select(item => new ReportedTranslation(item.Source, item.Target, item.Note))];
            return (vector, new VectorReport(import.Report.Format, import.Report.Convention, translations, [.. problems.All], [.. import.Report.Warnings, .. validation.Warnings]));
        }
        catch (ModelFormatException malformed)
        {
            problems.Add(malformed.Field, malformed.Reason, ErrorCode.VectorMalformed);
            return (null, new VectorReport(upload.File?.Format ?? "", "", [], [.. problems.All], []));
        }
    }

    /// <summary>Whether a vector fits the model.</summary>
    public ValidationResult Check(SteeringVector vector) => VectorValidation.Check(vector, sites);

    private VectorImport OfFile(VectorUploadFile file, FieldProblems problems)
    {
        VectorFormat? format = null;
        if (file.Format is not null)
        {
            if (VectorFormats.TryParse(file.Format, out var known)) format = known;
            else problems.Add("format", $"found {Found.Quote(file.Format)}; expected one of {string.Join(", ", FormatNames)}, or nothing: files are recognised by their first bytes");
        }
        return VectorImporter.Read(file.Bytes, Options(file.FileName, file.Convention) with { Format = format, Sites = [.. file.Sites.SelectMany(Expand)] });
    }

    private ImportOptions Options(string fileName, string? convention) => new()
    {
        FileName = fileName.Length > 0 ? Found.Shorten(Path.GetFileName(fileName)) : "file",
        Convention = convention,
        Blocks = sites.Blocks,
        Width = sites.HiddenWidth,
    };

    // resid_post.* names this model's blocks; a range is taken as it is written, so that a block too many is found by validation.
    private IEnumerable<Site> Expand(SiteSelector selector) => Site.IsGlobal(selector.Point) ? [new Site(selector.Point, -1)]
        : Enumerable.Range(selector.First ?? 0, Math.Min((selector.Last ?? selector.First ?? sites.Blocks - 1) - (selector.First ?? 0) + 1, 4096)).Select(block => new Site(selector.Point, block));

    private static VectorImport OfTensors(VectorUpload upload) => new(
        new SteeringVector { Name = "", Version = 0, Sha256 = "", Tensors = [.. upload.Tensors.OrderBy(tensor => tensor.Site).ThenBy(tensor => tensor.Role, StringComparer.Ordinal)] },
        new ImportReport(JsonFormat, "steering", [.. upload.Tensors.Select(tensor => new Translation(tensor.FileName, tensor.FileName, null))], []));

    private static SteeringVector Complete(SteeringVector read, VectorUpload upload)
    {
        var vector = read with
        {
            Name = upload.Name ?? "",
            Unit = upload.Unit ?? read.Unit,
            ResidualNorms = read.ResidualNorms.SetItems(upload.ResidualNorms),
            ModelFingerprint = upload.ModelFingerprint ?? read.ModelFingerprint,
            Metadata = read.Metadata.SetItems(upload.Metadata),
        };
        return vector with { Sha256 = VectorHash.Compute(vector.Tensors, vector.Unit, vector.ResidualNorms) };
    }
}
