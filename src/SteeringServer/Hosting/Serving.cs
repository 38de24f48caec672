using System.Collections.Immutable;
using Steering.Compute;
using SteeringServer.Errors;
using SteeringServer.Features.Models;
using SteeringServer.Requests;
using SteeringServer.Storage;

namespace SteeringServer.Hosting;

/// <summary>What the server can do right now: its models and their states, and whether it is about to stop. Any thread.</summary>
internal sealed class Serving : IDisposable
{
    private ImmutableArray<ModelSlot> _models = [];
    private SqliteDatabase? _database;
    private volatile bool _isReady, _isDraining;
    private TaskCompletionSource _changed = NewChange();

    public static ApiError Loading { get; } = ApiError.Unavailable("The model is still loading. Try again in a moment; GET /health/ready says when.", ErrorCode.Loading);

    public static ApiError Draining { get; } = ApiError.Unavailable("The server is shutting down and takes no new requests.", ErrorCode.Draining);

    /// <summary>All models that are configured, in that order; the first is the one that requests without a name mean. Empty until their folders have been found.</summary>
    public ImmutableArray<ModelSlot> Models => _models;

    /// <summary>The models that can be used at this moment.</summary>
    public IEnumerable<ServedModel> Ready => _models.Select(slot => slot.Status.Served).OfType<ServedModel>();

    /// <summary>The database of this server.</summary>
    /// <exception cref="ApiException">503 before it has been opened.</exception>
    public SqliteDatabase Database => !_models.IsEmpty && Volatile.Read(ref _database) is { } database ? database : throw new ApiException(_isDraining ? Draining : Loading);

    /// <summary>What all of them compute with.</summary>
    public ComputePool? Pool { get; private set; }

    public bool IsDraining => _isDraining;

    /// <summary>Every model that was to be loaded at the start has been.</summary>
    public bool IsReady => _isReady && !_models.IsEmpty && !_isDraining;

    /// <summary><c>loading</c>, <c>ready</c> or <c>draining</c>.</summary>
    public string State => _isDraining ? "draining" : IsReady ? "ready" : "loading";

    /// <summary>Completes when <see cref="State"/> or a model's changes the next time; whoever waits asks for it before looking at the state.</summary>
    public Task NextChange => Volatile.Read(ref _changed).Task;

    /// <summary>The slot a name means: a model's, with or without <c>@vector</c>; null where there is none of it.</summary>
    /// <param name="model">Null or empty: the first.</param>
    public ModelSlot? Find(string? model)
    {
        if (string.IsNullOrEmpty(model)) return _models.FirstOrDefault();
        int at = model.IndexOf('@', StringComparison.Ordinal);
        string name = at < 0 ? model : model[..at];
        return _models.FirstOrDefault(slot => slot.Name == name);
    }

    /// <summary>The model that a name means.</summary>
    /// <param name="model">Null or empty: the first.</param>
    /// <exception cref="ApiException">404 for an unknown model and for one that is not loaded; 503 while it is loading or draining.</exception>
    public ServedModel Require(string? model = null)
    {
        if (_models.IsEmpty) throw new ApiException(_isDraining ? Draining : Loading);
        var slot = Find(model) ?? throw new ApiException(ApiError.NotFound(Unknown(model!), "model", ErrorCode.ModelNotFound));
        var status = slot.Status;
        if (status.Served is { } served) return served;
        throw new ApiException(_isDraining ? Draining : status.State switch
        {
            ModelState.Loading => Loading,
            ModelState.Draining => ApiError.Unavailable($"{Found.Quote(slot.Name)} is being unloaded and takes no new requests.", ErrorCode.Draining),
            _ => ApiError.NotFound(NotLoaded(slot.Name, status), "model", ErrorCode.ModelNotLoaded),
        });
    }

    /// <summary>The model for a request that will keep it busy.</summary>
    /// <exception cref="ApiException">As <see cref="Require"/>; 503 while the server is draining.</exception>
    public ServedModel RequireAccepting(string? model = null) => _isDraining ? throw new ApiException(Draining) : Require(model);

    /// <summary>The model of a request's body. One that names no model is the first's, whose reader reports the name with whatever else is wrong.</summary>
    /// <exception cref="ApiException">As <see cref="Require"/>.</exception>
    public ServedModel RequireFor(JsonBody body) => Require(Known(ModelReference.In(body.Root)));

    /// <summary>The same for a request that will keep the model busy.</summary>
    /// <exception cref="ApiException">As <see cref="RequireAccepting"/>.</exception>
    public ServedModel RequireAcceptingFor(JsonBody body) => RequireAccepting(Known(ModelReference.In(body.Root)));

    /// <summary>The name where it means a model, else null.</summary>
    public string? Known(string? model) => Find(model) is null ? null : model;

    /// <summary>Says of a name that no model has what there are.</summary>
    public string Unknown(string model) => $"There is no model {Found.Quote(model)}{Nearest.Hint(model, _models.Select(slot => slot.Name))}; this server has {string.Join(", ", _models.Select(slot => Found.Quote(slot.Name)))}. GET /v1/models lists them.";

    /// <summary>Says what is configured, once the folders are known.</summary>
    public void Configure(ImmutableArray<ModelSlot> models, ComputePool pool)
    {
        (_models, Pool) = (models, pool);
        Announce();
    }

    /// <summary>What was to be loaded at the start is.</summary>
    public void SetReady()
    {
        _isReady = true;
        Announce();
    }

    /// <summary>Opens the database of this server; it is closed after the models.</summary>
    /// <exception cref="IOException">It cannot be used; the message says why and what to do.</exception>
    public SqliteDatabase OpenDatabase(string folder) => _database = SqliteDatabase.Open(folder);

    /// <summary>From now on new generations are refused.</summary>
    public void BeginDrain()
    {
        _isDraining = true;
        Announce();
    }

    /// <summary>Wakes those who wait for <see cref="NextChange"/>.</summary>
    public void Announce() => Interlocked.Exchange(ref _changed, NewChange()).SetResult();

    public void Dispose()
    {
        foreach (var slot in _models)
        {
            slot.Load?.Cancellation.Cancel();
            slot.Status.Served?.Dispose();
        }
        Pool?.Dispose();
        _database?.Dispose();
    }

    private static string NotLoaded(string name, ModelStatus status) => status.State == ModelState.Failed
        ? $"{Found.Quote(name)} could not be loaded: {status.Error} An operator can try again with POST /v1/models/{name}:load."
        : $"{Found.Quote(name)} is not loaded. An operator loads it with POST /v1/models/{name}:load.";

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
