using System.Diagnostics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Steering.Engine.Loading;
using Steering.Engine.Running;
using SteeringServer.Features.Vectors;

namespace SteeringServer.Hosting;

/// <summary>
/// Loads the model while the server already answers (503 until it is there), starts the engine and prints the start-up screen. A model that cannot be loaded
/// ends the process.
/// </summary>
internal sealed class ModelLoading(ServerOptions options, Serving serving, IHostEnvironment environment, IHostApplicationLifetime lifetime, IServer server,
    TimeProvider clock, ILoggerFactory loggers, ILogger<ModelLoading> log) : BackgroundService
{
    private const int FailedExitCode = 1;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), started);
        try
        {
            // Its own thread: loading computes for seconds, and the pool's few threads have connections to accept.
            await Task.Factory.StartNew(() => Load(stoppingToken), stoppingToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031 // Whatever it is, a server without its model is of no use: the process ends and the log says why.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (failure is ModelFormatException or IOException or UnauthorizedAccessException) LoadingLog.Failed(log, failure.Message);
            else LoadingLog.Broke(log, failure);
            Environment.ExitCode = FailedExitCode;
            await started.Task.WaitAsync(stoppingToken); // stopped while it starts, the host would throw instead of ending
            lifetime.StopApplication();
            return;
        }
        await started.Task.WaitAsync(stoppingToken);
        var elapsed = clock.GetUtcNow() - Process.GetCurrentProcess().StartTime.ToUniversalTime();
        var urls = server.Features.Get<IServerAddressesFeature>()?.Addresses.ToList() ?? [];
        await Console.Out.WriteLineAsync(StartupScreen.Render(serving.Require(), urls, elapsed, !options.ApiKeys.IsEmpty));
    }

    private void Load(CancellationToken cancellation)
    {
        var folders = ModelFolders.Find(options, environment.ContentRootPath);
        var database = serving.OpenDatabase(Path.GetFullPath(options.Data));
        LoadingLog.Loading(log, folders.Name, folders.Model);
        var defaults = new EngineOptions();
        var engineOptions = defaults with
        {
            MaxSequences = options.MaxSequences ?? defaults.MaxSequences,
            QueueLength = options.Queue ?? defaults.QueueLength,
            Context = options.Context,
        };
        var model = LoadedModel.Load(folders.Model, new LoadOptions { Name = folders.Name, Threads = options.Threads }, cancellation: cancellation);
        EngineLoop? engine = null;
        try
        {
            int most = model.Config.Shape.MaxPositions;
            if (options.Context > most) throw new ModelFormatException(folders.Model, "max_position_embeddings", $"is {most}: --context can be at most that; "
                + $"it is {options.Context}");
            var vectors = new VectorRegistry(database, folders.Name, model.Sites, (long)options.VectorMemory << 20, clock, loggers.CreateLogger<VectorRegistry>());
            vectors.Seed(folders.Vectors);
            engine = new EngineLoop(model, engineOptions);
            engine.Start();
            serving.Publish(new ServedModel(model, engine, engineOptions, vectors, clock.GetUtcNow()));
        }
        catch
        {
            engine?.Dispose();
            model.Dispose();
            throw;
        }
    }
}
