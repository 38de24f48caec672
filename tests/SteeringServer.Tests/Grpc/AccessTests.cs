using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1;
using Steering.V1;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Grpc;

/// <summary>Who may call, and how those who may not are told: by status and details, as any gRPC client reads them.</summary>
public sealed class AccessTests : IAsyncLifetime
{
    private static readonly GenerateRequest Short = new() { Prompt = { Rpc.Text("Once") }, MaxTokens = 1 };
    private RunningServer _server = null!;

    public async Task InitializeAsync() => _server = await RunningServer.StartAsync(RunningServer.Options with { ApiKeys = ["a-secret-key"], AllowedHosts = ["steer.example"] });

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData(null, null, "No API key was sent")]
    [InlineData("authorization", "Bearer wrong-key", "not one of this server's")]
    public async Task Without_a_key_a_call_is_unauthenticated(string? header, string? value, string message)
    {
        var metadata = header is null ? new Metadata() : new Metadata { { header, value! } };

        var refused = await Rpc.RefusedAsync(() => _server.Generation().GenerateAsync(Short, metadata).ResponseAsync);

        Assert.Equal((StatusCode.Unauthenticated, "INVALID_API_KEY", "steering.local"), (refused.Code, refused.Info!.Reason, refused.Info.Domain));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("authorization", "Bearer a-secret-key")]
    [InlineData("x-api-key", "a-secret-key")]
    public async Task A_key_is_taken_in_either_header(string header, string value) =>
        Assert.Equal(1, (await _server.Generation().GenerateAsync(Short, new Metadata { { header, value } })).Usage.CompletionTokens);

    [Fact]
    public async Task Health_is_open_and_reflection_and_unknown_methods_are_not()
    {
        using var reflection = new ServerReflection.ServerReflectionClient(_server.Channel).ServerReflectionInfo();
        var unknown = new Method<GenerateRequest, GenerateResponse>(MethodType.Unary, "no.such.Service", "Method", Marshaller<GenerateRequest>(), Marshaller<GenerateResponse>());

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, (await new Health.HealthClient(_server.Channel).CheckAsync(new HealthCheckRequest())).Status);
        Assert.Equal(StatusCode.Unauthenticated, (await Rpc.RefusedAsync(() => reflection.ResponseStream.MoveNext())).Code);
        Assert.Equal(StatusCode.Unauthenticated, (await Rpc.RefusedAsync(() => _server.Channel.CreateCallInvoker().AsyncUnaryCall(unknown, null, new CallOptions(), Short).ResponseAsync)).Code);
    }

    [Theory]
    [InlineData("evil.example", StatusCode.PermissionDenied)]
    [InlineData("steer.example:443", StatusCode.OK)]
    public async Task Names_that_nobody_configured_are_refused(string host, StatusCode expected)
    {
        using var channel = GrpcChannel.ForAddress(_server.GrpcAddress!, new() { HttpHandler = new WithHost(host) });

        var call = new Generation.GenerationClient(channel).GenerateAsync(Short, new Metadata { { "x-api-key", "a-secret-key" } }).ResponseAsync;

        if (expected == StatusCode.OK) Assert.Equal(1, (await call).Usage.CompletionTokens);
        else Assert.Equal((expected, "HOST_NOT_ALLOWED"), await Rpc.RefusedAsync(() => call) is var refused ? (refused.Code, refused.Info!.Reason) : default);
    }

    private static Marshaller<T> Marshaller<T>() where T : Google.Protobuf.IMessage<T>, new() =>
        Marshallers.Create(message => Google.Protobuf.MessageExtensions.ToByteArray(message), bytes => new Google.Protobuf.MessageParser<T>(() => new T()).ParseFrom(bytes));

    private sealed class WithHost(string host) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Host = host;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
