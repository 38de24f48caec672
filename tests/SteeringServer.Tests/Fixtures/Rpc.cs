using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Steering.V1;
using Generation = Steering.V1.Generation;

namespace SteeringServer.Tests.Fixtures;

/// <summary>Talks to a server as a gRPC client does.</summary>
internal static class Rpc
{
    public static Generation.GenerationClient Generation(this RunningServer server) => new(server.Channel);

    /// <summary>A prompt as text.</summary>
    public static Prompt Text(string text) => new() { Text = text };

    /// <summary>A conversation of one message.</summary>
    public static Message Says(string content, string role = "user") => new() { Role = role, Content = content };

    /// <summary>The request of a stream that asks for the same: the fields have the same numbers.</summary>
    public static GenerateStreamRequest Streamed(GenerateRequest request) => GenerateStreamRequest.Parser.ParseFrom(Google.Protobuf.MessageExtensions.ToByteArray(request));

    /// <summary>Every message of a stream.</summary>
    public static async Task<List<GenerateStreamResponse>> StreamAsync(this RunningServer server, GenerateStreamRequest request)
    {
        using var call = server.Generation().GenerateStream(request);
        return await call.ResponseStream.ReadAllAsync().ToListAsync();
    }

    /// <summary>How a call is refused.</summary>
    public static async Task<RpcRefusal> RefusedAsync(Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        var status = refused.GetRpcStatus();
        return new RpcRefusal(refused.StatusCode, refused.Status.Detail, status?.GetDetail<ErrorInfo>(), status?.GetDetail<BadRequest>()?.FieldViolations.ToList() ?? [],
            status?.GetDetail<RetryInfo>()?.RetryDelay, refused.Trailers);
    }
}

/// <summary>A failed call, its details unpacked.</summary>
internal sealed record RpcRefusal(StatusCode Code, string Message, ErrorInfo? Info, List<BadRequest.Types.FieldViolation> Fields, Duration? RetryDelay, Metadata Trailers);
