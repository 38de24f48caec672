using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SteeringServer.Errors;
using SteeringServer.Requests;

namespace SteeringServer.Features.Datasets;

/// <summary><c>/v1/datasets</c>: keep data under a name, see what there are, forget them.</summary>
internal static class DatasetEndpoints
{
    private static readonly string[] FormFields = ["name", "format"];

    public static void MapDatasets(this IEndpointRouteBuilder routes)
    {
        var datasets = routes.ServiceProvider.GetRequiredService<DatasetStore>();
        routes.MapGet("/v1/datasets", context => JsonAnswer.SendAsync(context, DatasetWriter.WriteList, datasets.All()));
        routes.MapPost("/v1/datasets", context => CreateAsync(context, datasets));
        routes.MapGet("/v1/datasets/{name}", context => JsonAnswer.SendAsync(context, DatasetWriter.Write, datasets.Require(Name(context))));
        routes.MapDelete("/v1/datasets/{name}", context =>
        {
            datasets.Delete(Name(context));
            return JsonAnswer.SendAsync(context, DatasetWriter.WriteDeleted, Name(context));
        });
    }

    private static string Name(HttpContext context) => (string)context.Request.RouteValues["name"]!;

    private static async Task CreateAsync(HttpContext context, DatasetStore datasets)
    {
        var problems = new FieldProblems();
        var (dataset, existing) = datasets.Create(await ReadAsync(context.Request, problems, context.RequestAborted), problems);
        context.Response.Headers.Location = $"/v1/datasets/{dataset.Name}";
        await JsonAnswer.SendAsync(context, DatasetWriter.Write, dataset, existing ? StatusCodes.Status200OK : StatusCodes.Status201Created);
    }

    private static async Task<DatasetUpload> ReadAsync(HttpRequest request, FieldProblems problems, CancellationToken cancellation)
    {
        if (UploadForm.IsForm(request)) return await ReadFormAsync(request, problems, cancellation);
        using var body = await JsonBody.ReadAsync(request, cancellation);
        var fields = new JsonFields(body.Root, "", problems);
        var upload = new DatasetUpload(fields.String("name"), fields.String("format"), fields.String("text"));
        fields.RefuseOthers("a dataset", "; it takes name, format and text");
        return upload;
    }

    private static async Task<DatasetUpload> ReadFormAsync(HttpRequest request, FieldProblems problems, CancellationToken cancellation)
    {
        var form = await UploadForm.ReadAsync(request, FormFields, problems, cancellation);
        string? name = UploadForm.Text(form["name"]), format = UploadForm.Text(form["format"]);
        if (await UploadForm.FileAsync(form, "the rows", "data.jsonl", problems, cancellation) is not { } file) return new DatasetUpload(name, format, ""); // a missing file has been reported
        string text;
        try
        {
            text = new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true).GetString(file.Bytes);
        }
        catch (ArgumentException)
        {
            throw new ApiException(ApiError.Invalid("The file is not UTF-8; save it as such.", "file", ErrorCode.InvalidUtf8));
        }
        string stem = Path.GetFileNameWithoutExtension(file.FileName), extension = Path.GetExtension(file.FileName).TrimStart('.');
        return new DatasetUpload(name ?? (Vectors.VectorReference.IsName(stem) ? stem : null), format ?? (DatasetReader.Formats.Contains(extension) ? extension : null), text);
    }
}
