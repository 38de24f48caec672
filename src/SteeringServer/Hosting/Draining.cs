using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace SteeringServer.Hosting;

/// <summary>
/// Stops in the order that clients notice least: readiness goes to 503 and new generations are refused, running ones finish within the drain time, then the
/// listeners close. It must act before any hosted service is stopped, because Kestrel is one and would stop answering the probes.
/// </summary>
internal sealed class Draining(ServerOptions options, Serving serving, ModelLoader loader, ILogger<Draining> log) : IHostedLifecycleService
{
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        serving.BeginDrain();
        await Task.WhenAll([.. serving.Ready.Select(served => DrainAsync(served, cancellationToken)), loader.StopAsync()]);
    }

    private Task DrainAsync(ServedModel served, CancellationToken cancellation)
    {
        LoadingLog.DrainingModel(log, served.Name, served.Engine.Counters.Running, served.Engine.Counters.Waiting);
        return served.DrainAsync(options.Drain, log, cancellation);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
