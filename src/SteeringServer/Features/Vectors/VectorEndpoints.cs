using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Steering.Engine.Interventions;
using SteeringServer.Errors;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Vectors;

/// <summary><c>GET /v1/vectors</c> and <c>GET /v1/vectors/{reference}</c>: what can be named in a request.</summary>
internal static class VectorEndpoints
{
    public static void MapVectors(this IEndpointRouteBuilder routes)
    {
        var serving = routes.ServiceProvider.GetRequiredService<Serving>();
        routes.MapGet("/v1/vectors", context => JsonAnswer.SendAsync(context, WriteList, serving.Require()));
        routes.MapGet("/v1/vectors/{reference}", context => JsonAnswer.SendAsync(context, WriteDetails, Find(context, serving.Require())));
    }

    private static CatalogEntry Find(HttpContext context, ServedModel served)
    {
        string text = (string)context.Request.RouteValues["reference"]!;
        if (!VectorReference.TryParse(text, out var reference, out string malformed)) throw new ApiException(ApiError.Invalid(malformed, "reference", ErrorCode.InvalidValue));
        return served.Catalog.TryResolve(reference, out var entry, out string missing) ? entry : throw new ApiException(ApiError.NotFound(missing, "reference", ErrorCode.VectorNotFound));
    }

    private static void WriteList(Utf8JsonWriter json, ServedModel served)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        foreach (var entry in served.Catalog.Entries)
        {
            json.WriteStartObject();
            WriteSummary(json, entry);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteDetails(Utf8JsonWriter json, CatalogEntry entry)
    {
        var vector = entry.Vector;
        json.WriteStartObject();
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
            json.WriteNumber("norm"u8, Math.Sqrt(tensor.Values.Sum(value => (double)value * value)));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("residual_norms"u8);
        foreach (var (site, norm) in vector.ResidualNorms.OrderBy(pair => pair.Key)) json.WriteNumber(site.ToString(), norm);
        json.WriteEndObject();
        json.WriteStartObject("metadata"u8);
        foreach (var (key, value) in vector.Metadata) json.WriteString(key, value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteSummary(Utf8JsonWriter json, CatalogEntry entry)
    {
        var vector = entry.Vector;
        json.WriteString("id"u8, $"{vector.Name}@{vector.Version}");
        json.WriteString("object"u8, "steering.vector"u8);
        json.WriteString("name"u8, vector.Name);
        json.WriteNumber("version"u8, vector.Version);
        json.WriteStartArray("aliases"u8);
        foreach (string alias in entry.Aliases) json.WriteStringValue(alias);
        json.WriteEndArray();
        json.WriteString("sha256"u8, vector.Sha256);
        json.WriteString("unit"u8, SteeringNames.Of(vector.Unit ?? StrengthUnit.Raw));
        json.WriteString("method"u8, vector.Metadata.GetValueOrDefault("method"));
        json.WriteStartArray("sites"u8);
        foreach (var site in vector.Tensors.Select(tensor => tensor.Site).Distinct()) json.WriteStringValue(site.ToString());
        json.WriteEndArray();
    }
}
