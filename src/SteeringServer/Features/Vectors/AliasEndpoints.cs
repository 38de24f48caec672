using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SteeringServer.Errors;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Vectors;

/// <summary>Aliases over HTTP. An alias's ETag is its revision; <c>If-Match</c> and <c>If-None-Match: *</c> make a change a compare-and-set (RFC 9110 section 13), answered with 409 where it fails.</summary>
internal static class AliasEndpoints
{
    private const string Path = "/v1/vectors/{name}/aliases/{alias}";

    public static void MapAliases(this IEndpointRouteBuilder routes)
    {
        var serving = routes.ServiceProvider.GetRequiredService<Serving>();
        routes.MapGet("/v1/vectors/{name}/aliases", context => JsonAnswer.SendAsync(context, VectorWriter.WriteAliases, serving.Require(VectorEndpoints.Model(context)).Vectors.Aliases.List(VectorEndpoints.Name(context))));
        routes.MapGet(Path, context => SendAsync(context, serving.Require(VectorEndpoints.Model(context)).Vectors.Aliases.Require(VectorEndpoints.Name(context), Alias(context))));
        routes.MapPut(Path, context => SetAsync(context, serving.RequireAccepting(VectorEndpoints.Model(context)).Vectors));
        routes.MapDelete(Path, context => RemoveAsync(context, serving.RequireAccepting(VectorEndpoints.Model(context)).Vectors));
        routes.MapPost("/v1/vectors/{name}:promote", context => PromoteAsync(context, serving.RequireAccepting(VectorEndpoints.Model(context)).Vectors));
        routes.MapPost("/v1/vectors/{name}:rollback", context => RollbackAsync(context, serving.RequireAccepting(VectorEndpoints.Model(context)).Vectors));
    }

    private static async Task SetAsync(HttpContext context, VectorRegistry vectors)
    {
        int? version = null;
        await ReadAsync(context, fields =>
        {
            version = fields.Int("version", 1);
            if (!fields.Has("version")) fields.Report("version", "is missing; send the version number the alias is to point at");
            VectorAliases.CheckName(Alias(context), "alias", fields.Problems);
        }, "an alias");
        await SendAsync(context, vectors.Aliases.Set(VectorEndpoints.Name(context), Alias(context), version!.Value, Condition(context.Request)));
    }

    private static async Task PromoteAsync(HttpContext context, VectorRegistry vectors)
    {
        string? selector = null, alias = null;
        await ReadAsync(context, fields =>
        {
            selector = fields.Take("version") is { ValueKind: JsonValueKind.String } text ? text.GetString() : fields.Int("version", 1)?.ToString(CultureInfo.InvariantCulture);
            if (!fields.Has("version")) fields.Report("version", "is missing; send a version number, or the alias whose version is to be promoted");
            else if (selector is not null && !VectorReference.TryParse($"x@{selector}", out _, out _)) fields.Report("version", $"found {Found.Quote(selector)}; expected a version number or an alias");
            alias = ReadAlias(fields);
        }, "a promotion");
        await SendAsync(context, vectors.Aliases.Promote(VectorEndpoints.Name(context), selector!, alias!, Condition(context.Request)));
    }

    private static async Task RollbackAsync(HttpContext context, VectorRegistry vectors)
    {
        string? alias = null;
        await ReadAsync(context, fields => alias = ReadAlias(fields), "a rollback");
        await SendAsync(context, vectors.Aliases.Rollback(VectorEndpoints.Name(context), alias!, Condition(context.Request)));
    }

    private static Task RemoveAsync(HttpContext context, VectorRegistry vectors)
    {
        vectors.Aliases.Remove(VectorEndpoints.Name(context), Alias(context), Condition(context.Request));
        return JsonAnswer.SendAsync(context, VectorWriter.WriteArchived, new Archival(VectorEndpoints.Name(context), [], [Alias(context)]));
    }

    private static async Task ReadAsync(HttpContext context, Action<JsonFields> read, string of)
    {
        var problems = new FieldProblems();
        using (var body = await JsonBody.ReadAsync(context.Request, context.RequestAborted))
        {
            var fields = new JsonFields(body.Root, "", problems);
            read(fields);
            fields.RefuseOthers(of);
        }
        problems.ThrowIfAny();
    }

    private static string ReadAlias(JsonFields fields)
    {
        string alias = fields.String("alias") ?? CatalogEntry.Production;
        VectorAliases.CheckName(alias, "alias", fields.Problems);
        return alias;
    }

    private static AliasCondition Condition(HttpRequest request)
    {
        string match = request.Headers.IfMatch.ToString(), noneMatch = request.Headers.IfNoneMatch.ToString();
        if (noneMatch.Length > 0 && noneMatch != "*") throw Unreadable("If-None-Match", noneMatch, "*, which means that the alias must not exist yet");
        if (match.Length == 0) return new AliasCondition(MustBeNew: noneMatch == "*");
        return int.TryParse(match.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out int revision) ? new AliasCondition(revision, noneMatch == "*")
            : throw Unreadable("If-Match", match, "the ETag of the alias: its revision in quotation marks");
    }

    private static ApiException Unreadable(string header, string found, string expected) => new(ApiError.Invalid($"{header}: found {Found.Quote(found)}; expected {expected}", header, ErrorCode.InvalidValue));

    private static string Alias(HttpContext context) => (string)context.Request.RouteValues["alias"]!;

    private static Task SendAsync(HttpContext context, AliasState alias)
    {
        context.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{alias.Revision}\"");
        return JsonAnswer.SendAsync(context, VectorWriter.WriteAlias, alias);
    }
}
