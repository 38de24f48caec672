using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
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
        var map = await AttributionRun.ComputeAsync(request, served, problems, context.RequestAborted);
        if (context.Request.GetTypedHeaders().Accept.Any(accept => accept.MediaType == "text/html")) await AttributionPage.SendAsync(context, map, served.TokenNames);
        else await JsonAnswer.SendAsync(context, static (json, of) => AttributionWriter.Write(json, of.map, of.TokenNames), (map, served.TokenNames));
    }
}
