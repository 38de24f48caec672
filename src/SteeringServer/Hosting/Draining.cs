using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace SteeringServer.Hosting;

/// <summary>
/// Stops in the order that clients notice least: readiness goes to 503 and new generations are refused, running ones finish within the drain time, then the
/// listeners close. It must act before any hosted service is stopped, because Kestrel is one and would stop answering the probes.
/// </summary>
internal sealed class Draining(ServerOptions options, Serving serving, ILogger<Draining> log) : IHostedLifecycleService
{
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        serving.BeginDrain();
        if (serving.Model is not { } served) return;
        LoadingLog.Draining(log, served.Engine.Counters.Running, served.Engine.Counters.Waiting);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Drain);
        try
        {
            await served.Engine.DrainAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // The engine ends what is left with an error, which streams report in band.
            LoadingLog.DrainTimeOver(log, options.Drain.TotalSeconds);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
