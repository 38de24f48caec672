using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SteeringServer.Errors;
using SteeringServer.Features.Generation;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Operations;

/// <summary><c>/v1/operations</c>: look at what runs in the background, follow it live, wait for it, end it.</summary>
internal static class OperationEndpoints
{
    /// <summary>How long a call waits for an operation where it does not say.</summary>
    public static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(30);

    private const double MostWaitSeconds = 600;

    public static void MapOperations(this IEndpointRouteBuilder routes)
    {
        var (operations, options) = (routes.ServiceProvider.GetRequiredService<OperationStore>(), routes.ServiceProvider.GetRequiredService<ServerOptions>());
        routes.MapGet("/v1/operations", context => JsonAnswer.SendAsync(context, OperationWriter.WriteList, operations.All.Reverse()));
        routes.MapGet("/v1/operations/{id}", context => JsonAnswer.SendAsync(context, OperationWriter.Write, operations.Require(Id(context))));
        routes.MapGet("/v1/operations/{id}/events", context => WatchAsync(context, operations, options.Heartbeat));
        routes.MapPost("/v1/operations/{id}:cancel", context => CancelAsync(context, operations));
        routes.MapPost("/v1/operations/{id}:wait", context => WaitAsync(context, operations));
        routes.MapDelete("/v1/operations/{id}", context => DeleteAsync(context, operations));
    }

    private static string Id(HttpContext context) => (string)context.Request.RouteValues["id"]!;

    private static async Task CancelAsync(HttpContext context, OperationStore operations)
    {
        operations.Cancel(operations.Require(Id(context)), Extraction.ExtractionWorker.Cancelled);
        await JsonAnswer.SendAsync(context, OperationWriter.Write, operations.Require(Id(context)));
    }

    private static async Task WaitAsync(HttpContext context, OperationStore operations)
    {
        var wait = DefaultWait;
        if (context.Request.Query["timeout"].ToString() is { Length: > 0 } text)
        {
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) || !(seconds is >= 0 and <= MostWaitSeconds))
                throw new ApiException(ApiError.Invalid($"timeout: found {Found.Quote(text)}; expected seconds from 0 to {MostWaitSeconds}", "timeout", ErrorCode.InvalidValue));
            wait = TimeSpan.FromSeconds(seconds);
        }
        await JsonAnswer.SendAsync(context, OperationWriter.Write, await operations.WaitAsync(Id(context), wait, context.RequestAborted));
    }

    private static async Task DeleteAsync(HttpContext context, OperationStore operations)
    {
        operations.Delete(Id(context));
        await JsonAnswer.SendAsync(context, static (json, name) =>
        {
            json.WriteStartObject();
            json.WriteString("name"u8, name);
            json.WriteBoolean("deleted"u8, true);
            json.WriteEndObject();
        }, Operation.Prefix + Id(context));
    }

    private static async Task WatchAsync(HttpContext context, OperationStore operations, TimeSpan heartbeat)
    {
        string id = Id(context);
        operations.Require(id); // an unknown one is an answer of its own, not a stream
        using var sse = await SseChunks.StartAsync(context);
        await foreach (var operation in operations.WatchAsync(id, heartbeat, context.RequestAborted))
        {
            if (operation is null) sse.Heartbeat();
            else
            {
                OperationWriter.Write(sse.Begin(), operation);
                sse.End();
            }
            await sse.FlushAsync(context.RequestAborted);
        }
        sse.Done();
        await sse.FlushAsync(context.RequestAborted);
    }
}
