using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SteeringServer.Features.Datasets;
using SteeringServer.Features.Operations;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Extraction;

/// <summary><c>POST /v1/extractions</c>: begins to make a vector from examples, and answers with the operation that does.</summary>
internal static class ExtractionEndpoints
{
    public static void MapExtractions(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var (serving, datasets, operations, clock) = (services.GetRequiredService<Serving>(), services.GetRequiredService<DatasetStore>(), services.GetRequiredService<OperationStore>(), services.GetRequiredService<TimeProvider>());
        routes.MapPost("/v1/extractions", async context =>
        {
            Operation operation;
            using (var body = await JsonBody.ReadAsync(context.Request, context.RequestAborted)) operation = Begin(body, serving, datasets, operations, clock, new FieldProblems());
            context.Response.Headers.Location = $"/v1/{operation.Name}";
            await JsonAnswer.SendAsync(context, OperationWriter.Write, operation, StatusCodes.Status202Accepted);
        });
    }

    /// <summary>Checks a request and begins it, for both wires.</summary>
    /// <exception cref="Errors.ApiException">Names every problem, of the data too.</exception>
    public static Operation Begin(JsonBody body, Serving serving, DatasetStore datasets, OperationStore operations, TimeProvider clock, FieldProblems problems)
    {
        var served = serving.RequireAcceptingFor(body);
        if (Models.ModelReference.Read(new JsonFields(body.Root, "", problems), served.Profile).Vector is not null) problems.Add("model", "names a vector; an extraction is made with the model alone: leave out what follows the @");
        var (job, data) = ExtractionJob.Read(body, served, datasets, problems);
        return operations.Create(job.Metadata(clock.GetUtcNow()), ExtractionRequestReader.WithoutData(body.Root), data.Format, data.Text);
    }
}
