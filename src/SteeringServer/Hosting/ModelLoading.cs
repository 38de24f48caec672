using System.Diagnostics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Steering.Compute;

namespace SteeringServer.Hosting;

/// <summary>
/// Loads the models one after the other while the server already answers (503 until they are there) and prints the start-up screen. A model that cannot be loaded at the start
/// ends the process: a typing error in a configuration should not become a server that serves something else.
/// </summary>
internal sealed class ModelLoading(ServerOptions options, Serving serving, ModelLoader loader, IHostEnvironment environment, IHostApplicationLifetime lifetime, IServer server,
    TimeProvider clock, ILogger<ModelLoading> log) : BackgroundService
{
    private const int FailedExitCode = 1;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), started);
        bool isLoaded;
        try
        {
            isLoaded = await LoadAsync();
        }
#pragma warning disable CA1031 // Whatever it is, a server without its models is of no use: the process ends and the log says why.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (failure is IOException or UnauthorizedAccessException) LoadingLog.CannotStart(log, failure.Message);
            else LoadingLog.BrokeAtStart(log, failure);
            isLoaded = false;
        }
        if (serving.IsDraining) return;
        if (!isLoaded)
        {
            Environment.ExitCode = FailedExitCode;
            await started.Task.WaitAsync(stoppingToken); // stopped while it starts, the host would throw instead of ending
            lifetime.StopApplication();
            return;
        }
        serving.SetReady();
        await started.Task.WaitAsync(stoppingToken);
        var elapsed = clock.GetUtcNow() - Process.GetCurrentProcess().StartTime.ToUniversalTime();
        var urls = server.Features.Get<IServerAddressesFeature>()?.Addresses.ToList() ?? [];
        await Console.Out.WriteLineAsync(StartupScreen.Render(serving, urls, elapsed, !options.ApiKeys.IsEmpty));
    }

    // False where a model that was to be loaded is not, which the log has said.
    private async Task<bool> LoadAsync()
    {
        var found = options.EffectiveModels.Select(model => new ModelSlot(ModelFolders.Find(model, environment.ContentRootPath), model)).ToList();
        if (found.GroupBy(slot => slot.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new IOException($"Two models are called {twice.Key}: {string.Join(" and ", twice.Select(slot => slot.Folders.Model))}. Give one another name: --model <name>={twice.Last().Options.Path}.");
        // Beside the first model, which needs it only when its weights are there.
        var database = Task.Run(() => serving.OpenDatabase(Path.GetFullPath(options.Data)));
        loader.UseDatabase(database);
        serving.Configure([.. found], new ComputePool(options.Threads ?? ComputePool.DefaultThreads));
        foreach (var slot in found.Where(slot => !slot.Options.IsOnDemand))
        {
            if (serving.IsDraining) return false;
            var load = loader.BeginLoad(slot);
            await database; // a folder that cannot be used ends the process whatever becomes of the model
            await load;
            if (slot.Status.State != ModelState.Ready) return false;
        }
        await database;
        return true;
    }
}
