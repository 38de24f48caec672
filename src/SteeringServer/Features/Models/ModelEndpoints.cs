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

/// <summary>
/// The configured models with their states, and <c>base@vector</c> for each vector of a loaded one that has a <c>prod</c> alias, so that clients which only know models can steer; loading and
/// unloading. Only what the server was configured with can be loaded: no path comes over the network.
/// </summary>
internal static class ModelEndpoints
{
    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        var serving = routes.ServiceProvider.GetRequiredService<Serving>();
        var loader = routes.ServiceProvider.GetRequiredService<ModelLoader>();
        routes.MapGet("/v1/models", context => JsonAnswer.SendAsync(context, WriteList, Configured(serving)));
        routes.MapGet("/v1/models/{id}", context => SendOneAsync(context, Configured(serving)));
        routes.MapPost("/v1/models/{id}:load", context =>
        {
            var slot = Slot(Configured(serving), Id(context));
            _ = loader.BeginLoad(slot);
            return JsonAnswer.SendAsync(context, ModelWriter.WriteSummary, slot, StatusCodes.Status202Accepted);
        });
        routes.MapPost("/v1/models/{id}:unload", context =>
        {
            var slot = Slot(Configured(serving), Id(context));
            loader.BeginUnload(slot);
            return JsonAnswer.SendAsync(context, ModelWriter.WriteSummary, slot, StatusCodes.Status202Accepted);
        });
    }

    /// <summary>The server once it knows its models.</summary>
    /// <exception cref="ApiException">503 before that.</exception>
    public static Serving Configured(Serving serving) => serving.Models.IsEmpty ? throw new ApiException(Serving.Loading) : serving;

    /// <summary>The model of a name.</summary>
    /// <exception cref="ApiException">404.</exception>
    public static ModelSlot Slot(Serving serving, string name) =>
        serving.Models.FirstOrDefault(slot => slot.Name == name) ?? throw new ApiException(ApiError.NotFound(serving.Unknown(name), "model", ErrorCode.ModelNotFound));

    private static string Id(HttpContext context) => (string)context.Request.RouteValues["id"]!;

    private static Task SendOneAsync(HttpContext context, Serving serving)
    {
        string id = Id(context);
        if (serving.Models.FirstOrDefault(slot => slot.Name == id) is { } own) return JsonAnswer.SendAsync(context, ModelWriter.WriteDetails, own);
        int at = id.IndexOf('@', StringComparison.Ordinal);
        if (at < 0) throw new ApiException(ApiError.NotFound(serving.Unknown(id), "model", ErrorCode.ModelNotFound));
        var served = serving.Require(id);
        var entry = VectorReference.TryParse(id[(at + 1)..], out var reference, out _) && served.Catalog.TryResolve(reference, out var found, out _) ? found : null;
        if (entry is null) throw new ApiException(ApiError.NotFound($"There is no model {Found.Quote(id)}; GET /v1/models lists those there are.", "model", ErrorCode.ModelNotFound));
        return JsonAnswer.SendAsync(context, static (json, of) => ModelWriter.WriteSteered(json, of.served, of.entry), (served, entry));
    }

    private static void WriteList(Utf8JsonWriter json, Serving serving)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        foreach (var slot in serving.Models)
        {
            ModelWriter.WriteSummary(json, slot);
            if (slot.Status.Served is not { } served) continue;
            foreach (var entry in served.Catalog.Entries)
                if (entry.Aliases.Contains(CatalogEntry.Production)) ModelWriter.WriteSteered(json, served, entry);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
