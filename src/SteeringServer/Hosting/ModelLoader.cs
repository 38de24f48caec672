using Microsoft.Extensions.Logging;
using Steering.Engine.Loading;
using Steering.Engine.Running;
using SteeringServer.Errors;
using SteeringServer.Features.Vectors;
using SteeringServer.Requests;
using SteeringServer.Storage;

namespace SteeringServer.Hosting;

/// <summary>
/// Loads models and takes them out of service, at the start and whenever an operator asks. A model that is loaded again serves until the new one is there; the old one's generations then
/// run to their end. Requests need no lease: native memory is used by an engine's own thread only, and that has ended when the memory is given back. Any thread.
/// </summary>
internal sealed class ModelLoader(ServerOptions options, Serving serving, TimeProvider clock, ILoggerFactory loggers, ILogger<ModelLoader> log)
{
    private readonly Lock _gate = new();
    private Task<SqliteDatabase>? _database;
    private Task _busy = Task.CompletedTask;

    /// <summary>Set once, before anything is loaded.</summary>
    public void UseDatabase(Task<SqliteDatabase> database) => _database = database;

    /// <summary>Begins to load a model, or to load it again; a load that is under way goes on.</summary>
    /// <returns>Ends when the load has; never fails, the slot says how it went.</returns>
    /// <exception cref="ApiException">503 where the model or the server is draining.</exception>
    public Task BeginLoad(ModelSlot slot)
    {
        Task task;
        lock (_gate)
        {
            if (serving.IsDraining) throw new ApiException(Serving.Draining);
            if (slot.Load is { Cancellation.IsCancellationRequested: false }) return Task.CompletedTask;
            if (slot.Load is not null || slot.Status.State == ModelState.Draining)
                throw new ApiException(ApiError.Unavailable($"{Found.Quote(slot.Name)} is being unloaded; load it again when it is.", ErrorCode.Draining));
            var tracker = slot.Load = new LoadTracker(new LoadReport(slot.Name, log, clock));
            if (slot.Status.Served is null) slot.Status = new ModelStatus(ModelState.Loading);
            // Its own thread: loading computes for seconds, and the pool's few threads have connections to accept.
            task = Task.Factory.StartNew(() => Load(slot, tracker), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            _busy = Task.WhenAll(_busy, task);
        }
        serving.Announce();
        return task;
    }

    /// <summary>Begins to take a model out of service: a load is given up, running generations may end within the drain time. One that is not loaded stays so.</summary>
    public void BeginUnload(ModelSlot slot)
    {
        lock (_gate)
        {
            slot.Load?.Cancellation.Cancel();
            if (slot.Status.Served is { } served)
            {
                slot.Status = new ModelStatus(ModelState.Draining);
                Retire(served, slot);
            }
            else if (slot.Status.State == ModelState.Failed) slot.Status = ModelStatus.Unloaded;
        }
        serving.Announce();
    }

    /// <summary>Gives loads up and waits for what is being unloaded.</summary>
    public async Task StopAsync()
    {
        Task busy;
        lock (_gate)
        {
            foreach (var slot in serving.Models) slot.Load?.Cancellation.Cancel();
            busy = _busy;
        }
        await busy;
    }

    private void Load(ModelSlot slot, LoadTracker tracker)
    {
        ServedModel? fresh = null;
        string? error = null;
        try
        {
            fresh = Create(slot, tracker);
        }
        catch (OperationCanceledException) when (tracker.Cancellation.IsCancellationRequested)
        {
            tracker.Shown.Clear();
        }
#pragma warning disable CA1031 // Whatever it is, the process may have other models to serve; the slot and the log say what it was.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            tracker.Shown.Clear();
            bool isTold = failure is ModelFormatException or PlatformNotSupportedException or IOException or UnauthorizedAccessException or OutOfMemoryException;
            error = isTold ? failure.Message : "The server's log says why.";
            if (isTold) LoadingLog.Failed(log, slot.Name, failure.Message);
            else LoadingLog.Broke(log, failure, slot.Name);
        }
        lock (_gate)
        {
            slot.Load = null;
            if (fresh is not null && tracker.Cancellation.IsCancellationRequested)
            {
                // It came too late and is given back.
                Retire(fresh, null);
                fresh = null;
            }
            if (fresh is not null)
            {
                if (slot.Status.Served is { } old) Retire(old, null);
                slot.Status = new ModelStatus(ModelState.Ready, fresh);
            }
            else if (slot.Status.Served is not null) slot.Status = slot.Status with { Error = error }; // the one that serves goes on
            else if (slot.Status.State == ModelState.Loading) slot.Status = error is null ? ModelStatus.Unloaded : new ModelStatus(ModelState.Failed, Error: error);
        }
        serving.Announce();
    }

    private ServedModel Create(ModelSlot slot, LoadTracker tracker)
    {
        LoadingLog.Loading(log, slot.Name, slot.Folders.Model);
        var loadOptions = new LoadOptions { Name = slot.Name, Pool = serving.Pool, Kernels = options.Kernels, Numerics = slot.Options.Numerics ?? options.Numerics, Storage = slot.Options.Storage ?? options.Storage };
        var model = LoadedModel.Load(slot.Folders.Model, loadOptions, tracker, tracker.Cancellation.Token);
        EngineLoop? engine = null;
        try
        {
            tracker.Shown.Done(model, tracker.Progress.Total);
            var engineOptions = EngineOptionsOf(slot.Options);
            int most = model.Config.Shape.MaxPositions;
            if (engineOptions.Context > most) throw new ModelFormatException(slot.Folders.Model, "max_position_embeddings", $"is {most}: --context can be at most that; it is {engineOptions.Context}");
            var vectors = slot.Vectors ?? new VectorRegistry(_database!.GetAwaiter().GetResult(), slot.Name, model.Sites, (long)options.VectorMemory << 20, clock, loggers.CreateLogger<VectorRegistry>());
            vectors.Serve(model.Sites);
            vectors.Seed(slot.Folders.Vectors);
            engine = new EngineLoop(model, engineOptions);
            engine.Start();
            slot.Vectors = vectors;
            return new ServedModel(model, engine, engineOptions, vectors, [.. serving.Models.Select(other => other.Name)], clock.GetUtcNow());
        }
        catch
        {
            engine?.Dispose();
            model.Dispose();
            throw;
        }
    }

    // Under the lock. Lets what runs end within the drain time, then gives the memory back; the slot is unloaded then, where there is one.
    private void Retire(ServedModel served, ModelSlot? slot)
    {
        var task = Task.Run(async () =>
        {
            LoadingLog.DrainingModel(log, served.Name, served.Engine.Counters.Running, served.Engine.Counters.Waiting);
            await served.DrainAsync(options.Drain, log);
            served.Dispose();
            LoadingLog.Unloaded(log, served.Name);
            if (slot is null) return;
            lock (_gate) slot.Status = ModelStatus.Unloaded;
            serving.Announce();
        });
        _busy = Task.WhenAll(_busy, task);
    }

    private EngineOptions EngineOptionsOf(ModelOptions own)
    {
        var defaults = new EngineOptions();
        return defaults with
        {
            MaxSequences = own.MaxSequences ?? options.MaxSequences ?? defaults.MaxSequences,
            QueueLength = own.Queue ?? options.Queue ?? defaults.QueueLength,
            Context = own.Context ?? options.Context,
        };
    }
}
