using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Health;

/// <summary>Whether the process lives, and whether it takes requests. Open to all: probes have no keys.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var serving = routes.ServiceProvider.GetRequiredService<Serving>();
        var open = routes.MapGroup("").AllowAnonymous();
        string[] methods = ["GET", "HEAD"];
        open.MapMethods("/health/live", methods, context => JsonAnswer.SendAsync(context, WriteState, "alive"));
        foreach (string path in new[] { "/health", "/health/ready", "/ping" })
            open.MapMethods(path, methods, context => JsonAnswer.SendAsync(context, WriteState, serving.State, serving.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable));
        open.MapGet("/version", context => JsonAnswer.SendAsync(context, WriteVersion, CommandLine.Version));
    }

    private static void WriteState(Utf8JsonWriter json, string state)
    {
        json.WriteStartObject();
        json.WriteString("status"u8, state);
        json.WriteEndObject();
    }

    private static void WriteVersion(Utf8JsonWriter json, string version)
    {
        json.WriteStartObject();
        json.WriteString("version"u8, version);
        json.WriteString("name"u8, "SteeringServer"u8);
        json.WriteEndObject();
    }
}
