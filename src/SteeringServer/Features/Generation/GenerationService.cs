using Google.Protobuf;
using Grpc.Core;
using SteeringServer.Grpc;
using SteeringServer.Hosting;
using SteeringServer.Requests;
using Wire = Steering.V1;

namespace SteeringServer.Features.Generation;

/// <summary>The gRPC service <c>steering.v1.Generation</c>.</summary>
internal sealed class GenerationService(Serving serving, GenerationAdmission admission, TimeProvider clock) : Wire.Generation.GenerationBase
{
    // A delta is smaller than gzip's own header. What has piled up is flushed with the last of it: one packet, not one a token.
    private static readonly WriteOptions Plain = new(WriteFlags.NoCompress), Buffered = new(WriteFlags.NoCompress | WriteFlags.BufferHint);

    public override async Task<Wire.GenerateResponse> Generate(Wire.GenerateRequest request, ServerCallContext context)
    {
        long started = clock.GetTimestamp();
        var (served, generation) = Prepare(request, context);
        var messages = new AnswerMessages(generation, served, clock.GetUtcNow());
        var record = new GenerationRecord(generation, keepsText: true);
        if (generation.Steering.IsDryRun) return messages.Whole(record);
        using var run = admission.Start(served, generation);
        await using var left = run.StopWhen(context.CancellationToken);
        await admission.CollectAsync(run, record, context.CancellationToken);
        admission.LogAnswer(record, started);
        return messages.Whole(record);
    }

    public override async Task GenerateStream(Wire.GenerateStreamRequest request, IServerStreamWriter<Wire.GenerateStreamResponse> responseStream, ServerCallContext context)
    {
        long started = clock.GetTimestamp();
        var (served, generation) = Prepare(request, context);
        var messages = new AnswerMessages(generation, served, clock.GetUtcNow());
        var record = new GenerationRecord(generation, keepsText: false);
        using var run = generation.Steering.IsDryRun ? null : admission.Start(served, generation);
        await using var left = run?.StopWhen(context.CancellationToken) ?? default;
        responseStream.WriteOptions = Plain;
        await responseStream.WriteAsync(new Wire.GenerateStreamResponse { Start = messages.Start() });
        if (run is not null)
        {
            await foreach (var update in run.Updates.ReadAllAsync(context.CancellationToken))
            {
                admission.Accept(run, record, update);
                if (update.IsUnsteered) continue;
                responseStream.WriteOptions = run.Updates.TryPeek(out _) ? Buffered : Plain;
                await responseStream.WriteAsync(new Wire.GenerateStreamResponse { Delta = messages.Delta(update) });
            }
            admission.LogAnswer(record, started);
        }
        responseStream.WriteOptions = Plain;
        await responseStream.WriteAsync(new Wire.GenerateStreamResponse { End = messages.End(record) });
    }

    private (ServedModel Served, PreparedGeneration Generation) Prepare(IMessage request, ServerCallContext context)
    {
        var served = serving.RequireAccepting(serving.Known(MessageJson.Text(request, "model")));
        var http = context.GetHttpContext();
        var problems = new FieldProblems();
        var generation = GenerationMessageReader.Read(request, GenerationEndpoints.SteeringHeader(http.Request, problems), served, problems);
        AnswerHeaders.Set(http.Response.Headers, generation);
        return (served, generation);
    }
}
