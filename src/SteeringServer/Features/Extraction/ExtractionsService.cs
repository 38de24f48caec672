using System.Buffers;
using System.Text.Json;
using Grpc.Core;
using SteeringServer.Features.Datasets;
using SteeringServer.Features.Operations;
using SteeringServer.Grpc;
using SteeringServer.Hosting;
using SteeringServer.Requests;
using Wire = Steering.V1;

namespace SteeringServer.Features.Extraction;

/// <summary>The gRPC service <c>steering.v1.Extractions</c>: the twin of <see cref="ExtractionEndpoints"/>.</summary>
internal sealed class ExtractionsService(Serving serving, DatasetStore datasets, OperationStore operations, TimeProvider clock) : Wire.Extractions.ExtractionsBase
{
    private static readonly MessageJson Json = new(new Dictionary<Google.Protobuf.Reflection.MessageDescriptor, Action<Utf8JsonWriter, Google.Protobuf.IMessage>>());

    public override Task<Google.LongRunning.Operation> Extract(Wire.ExtractRequest request, ServerCallContext context)
    {
        var problems = UnknownFields.In(request);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, JsonAnswer.WriterOptions)) Json.WriteObject(json, request);
        using var body = JsonBody.Parse(buffer.WrittenMemory);
        return Task.FromResult(ExtractionEndpoints.Begin(body, serving, datasets, operations, clock, problems).ToMessage());
    }

    public override async Task WatchOperation(Wire.WatchOperationRequest request, IServerStreamWriter<Wire.WatchOperationResponse> responseStream, ServerCallContext context)
    {
        UnknownFields.In(request).ThrowIfAny();
        await foreach (var operation in operations.WatchAsync(request.Name, Timeout.InfiniteTimeSpan, context.CancellationToken))
            if (operation is not null) await responseStream.WriteAsync(new Wire.WatchOperationResponse { Operation = operation.ToMessage() });
    }
}
