using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Steering.Engine.Running;
using Steering.Tests;
using SteeringServer.Hosting;

namespace SteeringServer.Tests.Fixtures;

/// <summary>The real server, in this process, on free ports, with the model that is shipped.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RunningServer(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;
    public HttpClient Http { get; private set; } = null!;
    public Uri GrpcAddress { get; private set; } = null!;

    /// <summary>Speaks to the gRPC port without a gRPC library.</summary>
    public HttpClient Raw { get; private set; } = null!;
    public GrpcChannel Channel { get; private set; } = null!;
    public IServiceProvider Services => _app.Services;
    public ServedModel Served => Services.GetRequiredService<Serving>().Require();
    public EngineCounters Counters => Served.Engine.Counters;

    public static ServerOptions Options { get; } = new() { Http = new ListenAddress("127.0.0.1", 0), Grpc = new ListenAddress("127.0.0.1", 0), Model = Repository.PathTo("models", "storyworld"), MaxSequences = 32 };

    /// <param name="configure">Adds to what a request passes before its handler.</param>
    public static async Task<RunningServer> StartAsync(ServerOptions? options = null, bool waitsForModel = true, Action<WebApplication>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["Steering:LogLevel"] = "Fatal";
        var server = new RunningServer(ServerHost.Build(builder, options ?? Options));
        configure?.Invoke(server._app);
        await server._app.StartAsync();
        server.Address = new Uri(server._app.Urls.First());
        server.GrpcAddress = new Uri(server._app.Urls.Last());
        server.Http = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(2) };
        server.Raw = new HttpClient { BaseAddress = server.GrpcAddress, Timeout = TimeSpan.FromMinutes(2) };
        server.Channel = GrpcChannel.ForAddress(server.GrpcAddress, new GrpcChannelOptions { MaxReceiveMessageSize = null });
        if (waitsForModel) await Eventually.TrueAsync(() => server.Services.GetRequiredService<Serving>().IsReady, "the model is loaded", TimeSpan.FromMinutes(1));
        return server;
    }

    /// <summary>What SIGTERM does.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Raw.Dispose();
        Channel.Dispose();
        await _app.DisposeAsync();
    }
}
