using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SteeringServer.Errors;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Vectors;

/// <summary>The registry of vectors over HTTP: read, register, check, download and archive versions. <see cref="AliasEndpoints"/> points aliases at them.</summary>
internal static class VectorEndpoints
{
    public static void MapVectors(this IEndpointRouteBuilder routes)
    {
        var serving = routes.ServiceProvider.GetRequiredService<Serving>();
        routes.MapGet("/v1/vectors", context => JsonAnswer.SendAsync(context, VectorWriter.WriteList, Listed(context, serving.Require(Model(context)))));
        routes.MapPost("/v1/vectors", context => RegisterAsync(context, serving.RequireAccepting(Model(context))));
        routes.MapPost("/v1/vectors:validate", context => ValidateAsync(context, serving.Require(Model(context))));
        routes.MapGet("/v1/vectors/{reference}", context => JsonAnswer.SendAsync(context, VectorWriter.WriteDetails, Find(context, serving.Require(Model(context)))));
        routes.MapDelete("/v1/vectors/{name}", context => JsonAnswer.SendAsync(context, VectorWriter.WriteArchived, serving.RequireAccepting(Model(context)).Vectors.Archive(Name(context))));
        routes.MapGet("/v1/vectors/{reference}/download", context => DownloadAsync(context, serving.Require(Model(context))));
        routes.MapGet("/v1/vectors/{name}/versions", context => JsonAnswer.SendAsync(context, VectorWriter.WriteList, Versions(context, serving.Require(Model(context)))));
        routes.MapGet("/v1/vectors/{name}/versions/{version:int}", context => JsonAnswer.SendAsync(context, VectorWriter.WriteDetails, serving.Require(Model(context)).Vectors.Require(Name(context), Version(context))));
        routes.MapGet("/v1/vectors/{name}/versions/{version:int}/report", context => JsonAnswer.SendAsync(context, VectorWriter.WriteReport, serving.Require(Model(context)).Vectors.Report(Name(context), Version(context))));
        routes.MapDelete("/v1/vectors/{name}/versions/{version:int}", context => JsonAnswer.SendAsync(context, VectorWriter.WriteArchived, serving.RequireAccepting(Model(context)).Vectors.Archive(Name(context), Version(context))));
    }

    /// <summary>Whose vectors: the query's model; null: the first's.</summary>
    public static string? Model(HttpContext context) => context.Request.Query["model"];

    /// <summary>The vector's name in a route.</summary>
    public static string Name(HttpContext context) => (string)context.Request.RouteValues["name"]!;

    private static int Version(HttpContext context) => int.Parse((string)context.Request.RouteValues["version"]!, CultureInfo.InvariantCulture);

    private static ImmutableArray<CatalogEntry> Listed(HttpContext context, ServedModel served) => context.Request.Query["archived"].ToString() switch
    {
        "" or "false" => served.Catalog.Entries,
        "true" => served.Vectors.AllVersions(),
        var other => throw new ApiException(ApiError.Invalid($"archived: found {Found.Quote(other)}; expected true or false", "archived", ErrorCode.InvalidValue)),
    };

    private static ImmutableArray<CatalogEntry> Versions(HttpContext context, ServedModel served) =>
        served.Vectors.AllVersions(Name(context)) is { IsEmpty: false } versions ? versions : throw served.Vectors.NotFound(Name(context));

    private static CatalogEntry Find(HttpContext context, ServedModel served) => served.Vectors.Find((string)context.Request.RouteValues["reference"]!);

    private static async Task RegisterAsync(HttpContext context, ServedModel served)
    {
        string? key = VectorUploadFields.IdempotencyKey(context.Request.Headers["Idempotency-Key"]);
        var upload = await VectorUploadReader.ReadAsync(context.Request, context.RequestAborted);
        var registration = served.Vectors.Register(upload, key);
        var headers = context.Response.Headers;
        headers.Location = $"/v1/vectors/{registration.Entry.Vector.Name}/versions/{registration.Entry.Vector.Version}{(Model(context) is { Length: > 0 } ? $"?model={served.Name}" : "")}";
        if (registration.IsReplay) headers["Idempotent-Replay"] = "true";
        await JsonAnswer.SendAsync(context, VectorWriter.WriteRegistration, registration, registration.Existing ? StatusCodes.Status200OK : StatusCodes.Status201Created);
    }

    private static async Task ValidateAsync(HttpContext context, ServedModel served) =>
        await JsonAnswer.SendAsync(context, VectorWriter.WritePreview, served.Vectors.Validate(await VectorUploadReader.ReadAsync(context.Request, context.RequestAborted)));

    private static async Task DownloadAsync(HttpContext context, ServedModel served)
    {
        var vector = Find(context, served).Vector;
        string? format = context.Request.Query["format"];
        var download = VectorDownload.Of(vector, string.IsNullOrEmpty(format) ? null : format);
        var response = context.Response;
        response.ContentType = download.ContentType;
        response.ContentLength = download.Bytes.Length;
        response.Headers.ContentDisposition = $"attachment; filename=\"{download.FileName}\"";
        response.Headers.ETag = $"\"sha256:{vector.Sha256}\"";
        await response.Body.WriteAsync(download.Bytes, context.RequestAborted);
    }
}
