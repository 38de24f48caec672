using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SteeringServer.Errors;
using SteeringServer.Features.Generation;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Attribution;

/// <summary><c>POST /v1/attributions</c>: which tokens of a prompt make an answer likely, as JSON or, where a browser asks, as a page.</summary>
internal static class AttributionEndpoints
{
    public static void MapAttributions(this IEndpointRouteBuilder routes)
    {
        var serving = routes.ServiceProvider.GetRequiredService<Serving>();
        routes.MapPost("/v1/attributions", context => AttributeAsync(context, serving));
    }

    private static async Task AttributeAsync(HttpContext context, Serving serving)
    {
        var problems = new FieldProblems();
        ServedModel served;
        AttributionRequest request;
        using (var body = await JsonBody.ReadAsync(context.Request, context.RequestAborted))
        {
            served = serving.RequireAcceptingFor(body);
            request = AttributionRequestReader.Read(body.Root, GenerationEndpoints.SteeringHeader(context.Request, problems), served, problems);
        }
        bool isPage = context.Request.GetTypedHeaders().Accept.Any(accept => accept.MediaType == "text/html");
        if (request.Stream)
        {
            if (isPage) problems.Add("stream", "a page is not streamed; leave it out, or ask for text/event-stream");
            await StreamAsync(context, request, served, problems);
            return;
        }
        var map = await AttributionRun.ComputeAsync(request, served, problems, context.RequestAborted);
        if (isPage) await AttributionPage.SendAsync(context, map, served.TokenNames);
        else await JsonAnswer.SendAsync(context, static (json, of) => AttributionWriter.Write(json, of.map, of.TokenNames), (map, served.TokenNames));
    }

    private static async Task StreamAsync(HttpContext context, AttributionRequest request, ServedModel served, FieldProblems problems)
    {
        var (progress, map) = AttributionRun.Begin(request, served, problems, context.RequestAborted);
        if (!await progress.WaitToReadAsync(context.RequestAborted)) await map; // what is refused is an answer of its own, not a stream
        using var sse = await SseChunks.StartAsync(context);
        await foreach (var now in progress.ReadAllAsync(context.RequestAborted))
        {
            AttributionWriter.WriteProgress(sse.Begin(), now);
            sse.End();
            await sse.FlushAsync(context.RequestAborted);
        }
        try
        {
            var found = await map;
            AttributionWriter.Write(sse.Begin(), found, served.TokenNames);
            sse.End();
        }
        catch (ApiException failure)
        {
            sse.Event(ErrorEnvelope.Serialize(failure.Error).Span);
        }
        sse.Done();
        await sse.FlushAsync(context.RequestAborted);
    }
}
