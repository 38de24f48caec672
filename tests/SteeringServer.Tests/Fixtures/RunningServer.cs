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

    private readonly TemporaryFolder? _data;

    private RunningServer(WebApplication app, TemporaryFolder? data) => (_app, _data) = (app, data);

    public Uri Address { get; private set; } = null!;

    /// <summary>Null where the server was started without gRPC.</summary>
    public Uri? GrpcAddress { get; private set; }

    public HttpClient Http { get; private set; } = null!;

    /// <summary>Speaks to the gRPC port.</summary>
    public GrpcChannel Channel => field ??= GrpcChannel.ForAddress(GrpcAddress!, new GrpcChannelOptions { MaxReceiveMessageSize = null });

    /// <summary>Speaks to the gRPC port without a gRPC library.</summary>
    public HttpClient Raw => field ??= new HttpClient { BaseAddress = GrpcAddress, Timeout = TimeSpan.FromMinutes(2) };

    public IServiceProvider Services => _app.Services;
    public ServedModel Served => Services.GetRequiredService<Serving>().Require();
    public EngineCounters Counters => Served.Engine.Counters;

    public static ModelOptions Storyworld { get; } = new() { Path = Repository.PathTo("models", "storyworld") };

    public static ServerOptions Options { get; } = new() { Http = new ListenAddress("127.0.0.1", 0), Grpc = new ListenAddress("127.0.0.1", 0), Models = [Storyworld], MaxSequences = 32 };

    /// <param name="configure">Adds to what a request passes before its handler.</param>
    public static async Task<RunningServer> StartAsync(ServerOptions? options = null, bool waitsForModel = true, Action<WebApplication>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["Steering:LogLevel"] = "Fatal";
        options ??= Options;
        // Each server has its own vectors unless a test says where they are.
        var data = options.Data == new ServerOptions().Data ? new TemporaryFolder() : null;
        var server = new RunningServer(ServerHost.Build(builder, data is null ? options : options with { Data = data.Path }), data);
        configure?.Invoke(server._app);
        await server._app.StartAsync();
        var urls = server._app.Urls.Select(url => new Uri(url)).ToList(); // in the order in which the host listens: HTTP first
        (server.Address, server.GrpcAddress) = (urls[0], urls.ElementAtOrDefault(1));
        server.Http = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(2) };
        if (waitsForModel) await Eventually.TrueAsync(() => server.Services.GetRequiredService<Serving>().IsReady, "the model is loaded", TimeSpan.FromMinutes(1));
        return server;
    }

    /// <summary>What SIGTERM does.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (GrpcAddress is not null)
        {
            Channel.Dispose();
            Raw.Dispose();
        }
        await _app.DisposeAsync();
        _data?.Dispose();
    }
}
