using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace SteeringServer.Grpc;

/// <summary>
/// Sends an answer of no bytes as it is. The framework's gzip of nothing is nothing (https://github.com/dotnet/runtime/issues/112563), which other libraries refuse
/// as a broken message (https://github.com/grpc/grpc-node/issues/3065). The messages of our streams are never empty.
/// </summary>
internal sealed class EmptyAnswers : Interceptor
{
    private static readonly WriteOptions Plain = new(WriteFlags.NoCompress);

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        var answer = await continuation(request, context);
        if (answer is IMessage message && message.CalculateSize() == 0) context.WriteOptions = Plain;
        return answer;
    }
}
