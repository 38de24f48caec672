using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SteeringServer.Errors;
using SteeringServer.Features.Vectors;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Models;

/// <summary><c>GET /v1/models</c>: the loaded model, and <c>base@vector</c> for each vector that has a <c>prod</c> alias, so that clients which only know models can steer.</summary>
internal static class ModelEndpoints
{
    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        var serving = routes.ServiceProvider.GetRequiredService<Serving>();
        routes.MapGet("/v1/models", context => JsonAnswer.SendAsync(context, WriteList, serving.Require()));
        routes.MapGet("/v1/models/{**id}", context => SendOneAsync(context, serving.Require()));
    }

    private static Task SendOneAsync(HttpContext context, ServedModel served)
    {
        string id = (string)context.Request.RouteValues["id"]!;
        if (id == served.Name) return JsonAnswer.SendAsync(context, static (json, of) => Write(json, of.Name, of), served);
        var entry = id.StartsWith(served.Name + "@", StringComparison.Ordinal) && VectorReference.TryParse(id[(served.Name.Length + 1)..], out var reference, out _)
            && served.Catalog.TryResolve(reference, out var found, out _) ? found : null;
        if (entry is null) throw new ApiException(ApiError.NotFound($"There is no model {Found.Quote(id)}; GET /v1/models lists those there "
            + "are.", "model", ErrorCode.ModelNotFound));
        return JsonAnswer.SendAsync(context, static (json, of) => Write(json, of.id, of.served, of.entry), (id, served, entry));
    }

    private static void WriteList(Utf8JsonWriter json, ServedModel served)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        Write(json, served.Name, served);
        foreach (var entry in served.Catalog.Entries)
            if (entry.Aliases.Contains(CatalogEntry.Production)) Write(json, $"{served.Name}@{entry.Vector.Name}", served, entry);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string id, ServedModel served, CatalogEntry? entry = null)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("object"u8, "model"u8);
        json.WriteNumber("created"u8, served.Created.ToUnixTimeSeconds());
        json.WriteString("owned_by"u8, "steering-server"u8);
        json.WriteNumber("max_model_len"u8, served.Engine.Context);
        if (entry is not null)
        {
            json.WriteString("parent"u8, served.Name);
            json.WriteString("vector"u8, $"{entry.Vector.Name}@{entry.Vector.Version}");
        }
        json.WriteEndObject();
    }
}
