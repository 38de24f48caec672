using System.IO.Compression;
using Google.Protobuf;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SteeringServer.Errors;
using SteeringServer.Features.Attribution;
using SteeringServer.Features.Datasets;
using SteeringServer.Features.Extraction;
using SteeringServer.Features.Generation;
using SteeringServer.Features.Models;
using SteeringServer.Features.Operations;
using SteeringServer.Features.Vectors;
using SteeringServer.Hosting;
using Wire = Steering.V1;

namespace SteeringServer.Grpc;

/// <summary>Puts the gRPC side of the server together.</summary>
internal static class GrpcHosting
{
    /// <summary>Name of the generation service.</summary>
    public static string GenerationName => Wire.Generation.Descriptor.FullName;

    /// <summary>Name of the registry of vectors.</summary>
    public static string RegistryName => Wire.VectorRegistry.Descriptor.FullName;

    /// <summary>Name of the service of models.</summary>
    public static string ModelsName => Wire.Models.Descriptor.FullName;

    /// <summary>Name of the service of attributions.</summary>
    public static string AttributionsName => Wire.Attributions.Descriptor.FullName;

    /// <summary>Name of the service of extractions.</summary>
    public static string ExtractionsName => Wire.Extractions.Descriptor.FullName;

    /// <summary>Name of the service of datasets.</summary>
    public static string DatasetsName => Wire.Datasets.Descriptor.FullName;

    /// <summary>Name of the service of operations.</summary>
    public static string OperationsName => Google.LongRunning.Operations.Descriptor.FullName;

    public static void AddGrpcServices(this IServiceCollection services)
    {
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = (int)ServerHost.MostBodyBytes;
            grpc.CompressionProviders = [new BoundedGzip((int)ServerHost.MostBodyBytes)];
            grpc.ResponseCompressionAlgorithm = "gzip";
            grpc.ResponseCompressionLevel = CompressionLevel.Fastest;
            grpc.IgnoreUnknownServices = true; // they get the same answer as any unknown route, with its words
            grpc.Interceptors.Add<ErrorInterceptor>();
            grpc.Interceptors.Add<EmptyAnswers>();
        });
        services.AddGrpcReflection();
    }

    public static void MapGrpcServices(this WebApplication app)
    {
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(GrpcHosting));
        app.MapGrpcService<GenerationService>().Add(endpoint => Guard(endpoint, log));
        app.MapGrpcService<VectorRegistryService>().Add(endpoint => Guard(endpoint, log));
        app.MapGrpcService<ModelsService>().Add(endpoint => Guard(endpoint, log));
        app.MapGrpcService<AttributionsService>().Add(endpoint => Guard(endpoint, log));
        app.MapGrpcService<DatasetsService>().Add(endpoint => Guard(endpoint, log));
        app.MapGrpcService<ExtractionsService>().Add(endpoint => Guard(endpoint, log));
        app.MapGrpcService<OperationsService>().Add(endpoint => Guard(endpoint, log));
        app.MapGrpcService<HealthService>().AllowAnonymous().Add(endpoint => Guard(endpoint, log));
        app.MapGrpcReflectionService().Add(endpoint => Guard(endpoint, log));
    }

    /// <summary>Each port serves what it is for, and says where the rest is.</summary>
    public static void UsePortPerProtocol(this WebApplication app, ServerOptions options) => app.Use((context, next) =>
    {
        bool isGrpcRoute = context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is not null;
        if (GrpcListener.IsBehind(context))
        {
            // The library bounds each message; a stream of them may be as long as it likes.
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = null;
            if (!isGrpcRoute) throw new ApiException(ApiError.NotFound(
                $"There is no {context.Request.Path} on this port: it serves gRPC, among others /{GenerationName}/Generate; reflection lists the rest. HTTP/1.1 is served on {options.Http}.",
                null, ErrorCode.RouteNotFound));
        }
        else if (isGrpcRoute || GrpcListener.HasContentType(context.Request))
        {
            context.Response.Headers.Upgrade = "HTTP/2";
            throw new ApiException(new ApiError(StatusCodes.Status426UpgradeRequired, ErrorType.InvalidRequest,
                $"This port serves HTTP/1.1; gRPC needs HTTP/2 and is served {(options.Grpc is { } grpc ? $"on {grpc}" : "where the server was started with --grpc <host:port>")}.",
                null, ErrorCode.WrongPort));
        }
        return next(context);
    });

    // What fails before a method is called does not pass the interceptor: the library calls it UNKNOWN.
    private static void Guard(EndpointBuilder endpoint, ILogger log)
    {
        var call = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = async context =>
        {
            await call(context);
            if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested) return;
            if (context.Features.Get<IServerCallContextFeature>()?.ServerCallContext.Status is not { StatusCode: StatusCode.Unknown, DebugException: { } cause }) return;
            string requestId = RequestId.Of(context);
            var error = cause switch
            {
                InvalidProtocolBufferException => ApiError.Invalid($"The message cannot be read: {cause.Message} Send it as the .proto file of the method says.", null, ErrorCode.InvalidMessage),
                InvalidDataException => ApiError.Invalid($"The message cannot be read: {cause.Message} It begins with 0, or 1 where it is compressed, and four bytes of length.", null, ErrorCode.InvalidMessage),
                IOException => new ApiError(StatusCodes.Status413PayloadTooLarge, ErrorType.InvalidRequest,
                    $"The message is larger than the {ServerHost.MostBodyBytes >> 20} MiB this server reads. Send less in one message.", null, ErrorCode.BodyTooLarge),
                _ => ApiError.Internal(requestId),
            };
            if (error.Status >= 500) ErrorLog.RequestFailed(log, requestId, cause);
            RpcErrors.AnswerWithoutMessages(context.Response, error, requestId);
        };
    }
}
