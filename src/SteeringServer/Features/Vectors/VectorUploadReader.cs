using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Steering.Engine.Interventions;
using SteeringServer.Errors;
using SteeringServer.Features.Steering;
using SteeringServer.Requests;

namespace SteeringServer.Features.Vectors;

/// <summary>Reads the body of <c>POST /v1/vectors</c>: a form with a file, or JSON with tensors or a file in base64.</summary>
internal static class VectorUploadReader
{
    private static readonly string[] FormFields = ["name", "format", "convention", "sites", "unit", "model_fingerprint", "alias", "metadata"];

    /// <exception cref="ApiException">400, 413 or 415 with every problem that can be seen without the model.</exception>
    public static async Task<VectorUpload> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        var problems = new FieldProblems();
        VectorUpload upload;
        if (UploadForm.IsForm(request))
        {
            upload = await ReadFormAsync(request, problems, cancellation);
        }
        else
        {
            using var body = await JsonBody.ReadAsync(request, cancellation);
            upload = ReadJson(body.Root, problems);
        }
        problems.ThrowIfAny();
        return upload;
    }

    /// <summary>A file with what was said about it; a file of JSON is read as such an upload itself.</summary>
    public static VectorUpload OfFile(VectorUploadFile file, VectorUpload said, FieldProblems problems)
    {
        if (!IsJson(file.Bytes.Span)) return said with { File = file, Name = VectorUploadFields.Name(said.Name, file.FileName, problems) };
        if (file.Format is not (null or "json")) problems.Add("format", $"found {Found.Quote(file.Format)}, but the file is JSON");
        using var body = JsonBody.Parse(file.Bytes);
        if (ForeignVectorJson.Read(body.Root, file.FileName, problems) is { } arrays)
            return said with { Arrays = arrays with { Convention = file.Convention ?? arrays.Convention }, Name = VectorUploadFields.Name(said.Name, file.FileName, problems) };
        var inner = ReadJson(body.Root, problems, said.Name ?? Path.GetFileNameWithoutExtension(file.FileName));
        return inner with
        {
            Name = said.Name ?? inner.Name,
            Unit = said.Unit ?? inner.Unit,
            ModelFingerprint = said.ModelFingerprint ?? inner.ModelFingerprint,
            Metadata = inner.Metadata.SetItems(said.Metadata),
            Aliases = [.. inner.Aliases.Union(said.Aliases)],
        };
    }

    private static async Task<VectorUpload> ReadFormAsync(HttpRequest request, FieldProblems problems, CancellationToken cancellation)
    {
        var form = await UploadForm.ReadAsync(request, FormFields, problems, cancellation, repeated: "alias");
        var said = new VectorUpload
        {
            Name = UploadForm.Text(form["name"]),
            Unit = VectorUploadFields.Unit(UploadForm.Text(form["unit"]), problems),
            ModelFingerprint = UploadForm.Text(form["model_fingerprint"]),
            Aliases = VectorUploadFields.Aliases(form["alias"].OfType<string>().Select(alias => ("alias", alias)), problems),
            Metadata = UploadForm.Text(form["metadata"]) is { } metadata ? ReadMetadata(metadata, problems) : ImmutableSortedDictionary<string, string>.Empty,
        };
        if (await UploadForm.FileAsync(form, "the vector", "vector.safetensors", problems, cancellation) is not { } file) return said;
        var sites = (UploadForm.Text(form["sites"]) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return OfFile(new VectorUploadFile(file.Bytes, file.FileName, UploadForm.Text(form["format"]), UploadForm.Text(form["convention"]), VectorUploadFields.Sites(sites.Select(site => ("sites", site)), problems)), said, problems);
    }

    /// <param name="defaultName">The name where the document has none.</param>
    private static VectorUpload ReadJson(JsonElement root, FieldProblems problems, string? defaultName = null)
    {
        var fields = new JsonFields(root, "", problems);
        string? name = fields.String("name") ?? defaultName;
        var said = new VectorUpload
        {
            Name = name,
            Unit = VectorUploadFields.Unit(fields.String("unit"), problems),
            ModelFingerprint = fields.String("model_fingerprint"),
            ResidualNorms = ReadNorms(fields),
            Metadata = fields.Take("metadata") is { } metadata ? ReadMetadata(metadata, problems) : ImmutableSortedDictionary<string, string>.Empty,
            Aliases = VectorUploadFields.Aliases(Texts(fields, "aliases"), problems),
        };
        bool hasFile = fields.Has("file"), hasTensors = fields.Has("tensors");
        if (hasFile == hasTensors) fields.Report("tensors", hasFile ? "tensors and file both hold the vector; send one of them" : "is missing; send a list of tensors, or a file in base64 under file");
        if (hasFile && !hasTensors) said = ReadFile(fields, said);
        else if (hasTensors && !hasFile) said = said with { Name = VectorUploadFields.Name(name, null, problems), Tensors = InlineVectorReader.ReadTensors(fields) ?? [] };
        fields.RefuseOthers("a vector upload", "; it takes name, tensors or file (with file_name, format, convention, sites), unit, residual_norms, model_fingerprint, metadata and aliases");
        return said;
    }

    private static VectorUpload ReadFile(JsonFields fields, VectorUpload said)
    {
        var value = fields.Take("file")!.Value;
        string fileName = fields.String("file_name") ?? "";
        string? format = fields.String("format"), convention = fields.String("convention");
        var sites = VectorUploadFields.Sites(Texts(fields, "sites"), fields.Problems);
        if (value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out byte[]? bytes))
        {
            if (!IsJson(bytes)) return OfFile(new VectorUploadFile(bytes, fileName, format, convention, sites), said, fields.Problems);
            fields.Report("file", "is JSON; send its fields directly, or the file as part of a form");
        }
        else fields.Expected("file", value, "the bytes of a file in base64");
        return said;
    }

    private static ImmutableSortedDictionary<Site, float> ReadNorms(JsonFields fields)
    {
        var norms = ImmutableSortedDictionary.CreateBuilder<Site, float>();
        if (fields.Take("residual_norms") is not { } value) return norms.ToImmutable();
        var items = new JsonFields(value, "residual_norms", fields.Problems);
        if (value.ValueKind != JsonValueKind.Object) return norms.ToImmutable();
        foreach (var item in value.EnumerateObject())
        {
            if (!Site.TryParse(item.Name, out var site)) items.Report(Found.Shorten(item.Name), "does not name a site such as resid_post.4");
            else if (items.Number(item.Name) is { } norm && (float)norm > 0) norms[site] = (float)norm;
            else items.Report(item.Name, $"found {Found.Describe(item.Value)}; expected a positive number");
        }
        return norms.ToImmutable();
    }

    private static ImmutableSortedDictionary<string, string> ReadMetadata(string text, FieldProblems problems)
    {
        try
        {
            using var document = JsonBody.Parse(Encoding.UTF8.GetBytes(text));
            return ReadMetadata(document.Root, problems);
        }
        catch (ApiException broken)
        {
            problems.Add("metadata", $"expected a JSON object of texts; {broken.Error.Message}");
            return ImmutableSortedDictionary<string, string>.Empty;
        }
    }

    private static ImmutableSortedDictionary<string, string> ReadMetadata(JsonElement value, FieldProblems problems)
    {
        var fields = new JsonFields(value, "metadata", problems);
        return value.ValueKind != JsonValueKind.Object ? ImmutableSortedDictionary<string, string>.Empty
            : VectorUploadFields.Metadata(value.EnumerateObject().Select(item => KeyValuePair.Create(item.Name, fields.String(item.Name) ?? "")), problems);
    }

    private static IEnumerable<(string Path, string Text)> Texts(JsonFields fields, string name) =>
        (fields.List(name, (item, path) => item.ValueKind == JsonValueKind.String ? (object)(path, item.GetString()!) : Misfit(fields, item, path), "texts") ?? []).Cast<(string, string)>();

    private static object? Misfit(JsonFields fields, JsonElement item, string path)
    {
        fields.Problems.Add(path, $"found {Found.Describe(item)}; expected a string");
        return null;
    }

    // No format of tensors begins with a brace.
    private static bool IsJson(ReadOnlySpan<byte> bytes) => bytes.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
}
