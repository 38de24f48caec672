using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;
using SteeringServer.Errors;

namespace SteeringServer.Grpc;

/// <summary>Every failure of a method leaves as an error of the API, and what went wrong inside stays in the log.</summary>
internal sealed class ErrorInterceptor(ILogger<ErrorInterceptor> log) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(() => continuation(request, context), context);

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation) => GuardAsync(() => continuation(requestStream, context), context);

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) => GuardAsync(() => continuation(request, responseStream, context), context);

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation) => GuardAsync(() => continuation(requestStream, responseStream, context), context);

    private async Task GuardAsync(Func<Task> call, ServerCallContext context) => await GuardAsync(async () =>
    {
        await call();
        return true;
    }, context);

    private async Task<T> GuardAsync<T>(Func<Task<T>> call, ServerCallContext context)
    {
        try
        {
            return await call();
        }
        catch (ApiException refusal)
        {
            throw RpcErrors.ToException(refusal.Error, RequestId.Of(context.GetHttpContext()));
        }
#pragma warning disable CA1031 // Whatever it is, the server keeps serving and the log has the stack.
        catch (Exception failure) when (failure is not RpcException)
#pragma warning restore CA1031
        {
            string requestId = RequestId.Of(context.GetHttpContext());
            if (failure is OperationCanceledException || context.CancellationToken.IsCancellationRequested)
            {
                // The client left or its deadline is over; reads and writes then end with one exception or another.
                ErrorLog.ClientLeft(log, requestId);
                throw new RpcException(new Status(StatusCode.Cancelled, "The call was cancelled."));
            }
            ErrorLog.RequestFailed(log, requestId, failure);
            throw RpcErrors.ToException(ApiError.Internal(requestId), requestId);
        }
    }
}
