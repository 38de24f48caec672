using System.Globalization;
using Google.LongRunning;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using SteeringServer.Errors;
using SteeringServer.Grpc;

namespace SteeringServer.Features.Operations;

/// <summary>The gRPC service <c>google.longrunning.Operations</c>: the twin of <see cref="OperationEndpoints"/>.</summary>
internal sealed class OperationsService(OperationStore operations) : Google.LongRunning.Operations.OperationsBase
{
    private const int DefaultPage = 100;

    public override Task<ListOperationsResponse> ListOperations(ListOperationsRequest request, ServerCallContext context)
    {
        var problems = UnknownFields.In(request);
        if (request.Filter.Length > 0) problems.Add("filter", "is not supported; leave it out");
        if (request.PageSize < 0) problems.Add("page_size", $"found {request.PageSize}; expected a whole number from 0 up");
        problems.ThrowIfAny();
        int size = request.PageSize == 0 ? DefaultPage : request.PageSize;
        // A page begins after the last one's end, whatever has come since.
        var rest = operations.All.Reverse().Where(operation => request.PageToken.Length == 0 || string.CompareOrdinal(operation.Id, request.PageToken) < 0).Take(size + 1).ToList();
        return Task.FromResult(new ListOperationsResponse
        {
            Operations = { rest.Take(size).Select(operation => operation.ToMessage()) },
            NextPageToken = rest.Count > size ? rest[size - 1].Id : "",
        });
    }

    public override Task<Google.LongRunning.Operation> GetOperation(GetOperationRequest request, ServerCallContext context)
    {
        UnknownFields.In(request).ThrowIfAny();
        return Task.FromResult(operations.Require(request.Name).ToMessage());
    }

    public override Task<Empty> DeleteOperation(DeleteOperationRequest request, ServerCallContext context)
    {
        UnknownFields.In(request).ThrowIfAny();
        operations.Delete(request.Name);
        return Task.FromResult(new Empty());
    }

    public override Task<Empty> CancelOperation(CancelOperationRequest request, ServerCallContext context)
    {
        UnknownFields.In(request).ThrowIfAny();
        operations.Cancel(operations.Require(request.Name), Extraction.ExtractionWorker.Cancelled);
        return Task.FromResult(new Empty());
    }

    public override async Task<Google.LongRunning.Operation> WaitOperation(WaitOperationRequest request, ServerCallContext context)
    {
        var problems = UnknownFields.In(request);
        if (request.Timeout is { } timeout && !(timeout.Seconds is >= 0 and <= 600))
            problems.Add("timeout", string.Create(CultureInfo.InvariantCulture, $"found {timeout.Seconds} seconds; expected 0 to 600"));
        problems.ThrowIfAny();
        return (await operations.WaitAsync(request.Name, request.Timeout?.ToTimeSpan() ?? OperationEndpoints.DefaultWait, context.CancellationToken)).ToMessage();
    }
}
