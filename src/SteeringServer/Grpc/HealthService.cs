using System.Collections.Immutable;
using Grpc.Core;
using Grpc.Health.V1;
using SteeringServer.Errors;
using SteeringServer.Hosting;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace SteeringServer.Grpc;

/// <summary>gRPC's health protocol (https://github.com/grpc/grpc/blob/master/doc/health-checking.md) for the server (""), each service, and each model (<c>model:name</c>).</summary>
internal sealed class HealthService(Serving serving) : Health.HealthBase
{
    private const string ModelPrefix = "model:";
    private static readonly ImmutableArray<string> Services = ["", GrpcHosting.GenerationName, GrpcHosting.RegistryName, GrpcHosting.ModelsName, GrpcHosting.AttributionsName,
        GrpcHosting.DatasetsName, GrpcHosting.ExtractionsName, GrpcHosting.OperationsName];

    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) => StatusOf(request.Service) is { } status
        ? Task.FromResult(new HealthCheckResponse { Status = status })
        : throw new ApiException(ApiError.NotFound($"There is no service {Requests.Found.Quote(request.Service)}; List names those there are.", "service", ErrorCode.ServiceNotFound));

    public override Task<HealthListResponse> List(HealthListRequest request, ServerCallContext context)
    {
        var answer = new HealthListResponse();
        foreach (string service in Services.AddRange(serving.Models.Select(slot => ModelPrefix + slot.Name)))
            answer.Statuses[service] = new HealthCheckResponse { Status = StatusOf(service)!.Value };
        return Task.FromResult(answer);
    }

    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        ServingStatus? told = null;
        while (true)
        {
            var change = serving.NextChange;
            bool isLast = serving.IsDraining;
            var status = StatusOf(request.Service) ?? ServingStatus.ServiceUnknown;
            if (status != told) await responseStream.WriteAsync(new HealthCheckResponse { Status = status });
            told = status;
            if (isLast) return; // nothing comes after it, and an open call would hold up the end
            await change.WaitAsync(context.CancellationToken);
        }
    }

    private ServingStatus? StatusOf(string service)
    {
        if (!service.StartsWith(ModelPrefix, StringComparison.Ordinal)) return !Services.Contains(service) ? null : serving.IsReady ? ServingStatus.Serving : ServingStatus.NotServing;
        // Which models there are is known a moment after the start; until then no name is wrong.
        if (serving.Models.IsEmpty) return ServingStatus.NotServing;
        var slot = serving.Models.FirstOrDefault(slot => slot.Name == service[ModelPrefix.Length..]);
        return slot is null ? null : slot.Status.Served is not null && !serving.IsDraining ? ServingStatus.Serving : ServingStatus.NotServing;
    }
}
