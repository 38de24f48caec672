using SteeringServer.Errors;
using SteeringServer.Storage;

namespace SteeringServer.Hosting;

/// <summary>What the server can do right now: loading, ready, or draining before it stops. Any thread.</summary>
internal sealed class Serving : IDisposable
{
    private volatile ServedModel? _model;
    private SqliteDatabase? _database;
    private volatile bool _isDraining;
    private TaskCompletionSource _changed = NewChange();

    public static ApiError Loading { get; } = ApiError.Unavailable("The model is still loading. Try again in a moment; GET /health/ready says when.", ErrorCode.Loading);

    public static ApiError Draining { get; } = ApiError.Unavailable("The server is shutting down and takes no new requests.", ErrorCode.Draining);

    /// <summary>Null while loading.</summary>
    public ServedModel? Model => _model;

    public bool IsDraining => _isDraining;

    public bool IsReady => _model is not null && !_isDraining;

    /// <summary><c>loading</c>, <c>ready</c> or <c>draining</c>.</summary>
    public string State => _isDraining ? "draining" : _model is null ? "loading" : "ready";

    /// <summary>Completes when <see cref="State"/> changes the next time; whoever waits asks for it before looking at the state.</summary>
    public Task NextChange => Volatile.Read(ref _changed).Task;

    /// <exception cref="ApiException">503 while loading.</exception>
    public ServedModel Require() => _model ?? throw new ApiException(_isDraining ? Draining : Loading);

    /// <summary>The model for a request that will keep it busy.</summary>
    /// <exception cref="ApiException">503 while loading or draining.</exception>
    public ServedModel RequireAccepting() => _isDraining ? throw new ApiException(Draining) : Require();

    public void Publish(ServedModel model)
    {
        _model = model;
        Announce();
    }

    /// <summary>Opens the database of this server; it is closed after the model.</summary>
    /// <exception cref="IOException">It cannot be used; the message says why and what to do.</exception>
    public SqliteDatabase OpenDatabase(string folder) => _database = SqliteDatabase.Open(folder);

    /// <summary>From now on new generations are refused.</summary>
    public void BeginDrain()
    {
        _isDraining = true;
        Announce();
    }

    public void Dispose()
    {
        _model?.Dispose();
        _database?.Dispose();
    }

    private void Announce() => Interlocked.Exchange(ref _changed, NewChange()).SetResult();

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
