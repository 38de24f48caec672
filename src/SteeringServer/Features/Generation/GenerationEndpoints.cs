using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using SteeringServer.Errors;
using SteeringServer.Features.Steering;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Generation;

/// <summary><c>POST /v1/chat/completions</c> and <c>POST /v1/completions</c>.</summary>
internal static class GenerationEndpoints
{
    public static void MapGeneration(this IEndpointRouteBuilder routes)
    {
        var serving = routes.ServiceProvider.GetRequiredService<Serving>();
        var answers = routes.ServiceProvider.GetRequiredService<GenerationAnswers>();
        routes.MapPost("/v1/chat/completions", context => ChatAsync(context, serving, answers));
        routes.MapPost("/v1/completions", context => CompleteAsync(context, serving, answers));
    }

    private static async Task ChatAsync(HttpContext context, Serving serving, GenerationAnswers answers)
    {
        ServedModel served;
        var problems = new FieldProblems();
        ChatRequest request;
        using (var body = await JsonBody.ReadAsync(context.Request, context.RequestAborted))
        {
            served = serving.RequireAcceptingFor(body);
            request = ChatRequestReader.Read(body.Root, SteeringHeader(context.Request, problems), served.Profile, problems);
        }
        await answers.SendAsync(context, served, GenerationPreparation.Prepare(request, served, problems), AnswerFormat.Chat);
    }

    private static async Task CompleteAsync(HttpContext context, Serving serving, GenerationAnswers answers)
    {
        ServedModel served;
        var problems = new FieldProblems();
        CompletionRequest request;
        using (var body = await JsonBody.ReadAsync(context.Request, context.RequestAborted))
        {
            served = serving.RequireAcceptingFor(body);
            request = CompletionRequestReader.Read(body.Root, SteeringHeader(context.Request, problems), served.Profile, problems);
        }
        await answers.SendAsync(context, served, GenerationPreparation.Prepare(request, served, problems), AnswerFormat.Text);
    }

    /// <summary>The <c>X-Steering</c> header, null where absent.</summary>
    public static string? SteeringHeader(HttpRequest request, FieldProblems problems)
    {
        StringValues values = request.Headers[SteeringSource.Header];
        if (values.Count > 1) problems.Add(SteeringSource.Header, $"the header is there {values.Count} times; join its terms with + in one");
        return values.Count == 0 ? null : values[0];
    }
}
