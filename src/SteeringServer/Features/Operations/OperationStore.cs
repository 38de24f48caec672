using System.Collections.Immutable;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using SteeringServer.Errors;
using SteeringServer.Hosting;
using SteeringServer.Requests;
using SteeringServer.Storage;
using Wire = Steering.V1;

namespace SteeringServer.Features.Operations;

/// <summary>
/// The operations of this server: on disk from the moment they are answered with, in memory for those who look. How far one has come is in memory alone; what it has computed is in its checkpoints. Any thread.
/// </summary>
internal sealed class OperationStore(Serving serving)
{
    // Those that are done are kept for whoever asks, the oldest of them go when there are this many.
    private const int MostKept = 1000, MostWaiting = 100;

    private readonly Lock _gate = new();
    private ImmutableSortedDictionary<string, Operation>? _operations;
    private TaskCompletionSource _changed = NewChange();
    private readonly HashSet<string> _cancelled = [];

    /// <summary>Completes when an operation changes the next time; whoever waits asks for it before looking.</summary>
    public Task NextChange => Volatile.Read(ref _changed).Task;

    /// <summary>All there are, oldest first.</summary>
    public IEnumerable<Operation> All => Known.Values;

    private ImmutableSortedDictionary<string, Operation> Known
    {
        get
        {
            var database = serving.Database; // before it is there, nobody knows what there is
            if (Volatile.Read(ref _operations) is { } known) return known;
            lock (_gate) return _operations ??= Load(database);
        }
    }

    /// <exception cref="ApiException">404.</exception>
    public Operation Require(string name)
    {
        string id = name.StartsWith(Operation.Prefix, StringComparison.Ordinal) ? name[Operation.Prefix.Length..] : name;
        return Known.GetValueOrDefault(id) ?? throw new ApiException(ApiError.NotFound($"There is no operation {Found.Quote(name)}. GET /v1/operations lists those there are.", "name", ErrorCode.OperationNotFound));
    }

    /// <summary>Begins an operation: it is on disk when this returns.</summary>
    /// <param name="request">JSON of what was asked for, without the data.</param>
    /// <exception cref="ApiException">429 where too many wait.</exception>
    public Operation Create(Wire.ExtractionMetadata metadata, string request, string format, string content)
    {
        lock (_gate)
        {
            var known = Known;
            if (known.Values.Count(other => !other.IsDone) >= MostWaiting)
                throw new ApiException(new ApiError(StatusCodes.Status429TooManyRequests, ErrorType.RateLimit, $"{MostWaiting} operations wait already. Try again when some are done, or cancel some.", null, ErrorCode.QueueFull) { RetryAfter = 60 });
            var operation = new Operation($"{Guid.CreateVersion7():N}", metadata);
            var old = known.Values.Where(other => other.IsDone).Take(Math.Max(0, known.Count + 1 - MostKept)).Select(other => other.Id).ToList();
            serving.Database.Write(database =>
            {
                foreach (string id in old) OperationRows.Delete(database, id);
                OperationRows.Insert(database, Stored(operation), request, format, content);
            });
            _operations = known.RemoveRange(old).Add(operation.Id, operation);
            Announce();
            return operation;
        }
    }

    /// <summary>What an operation was asked for, and its data.</summary>
    public (string Request, string Format, string Content) RequestOf(Operation operation) => serving.Database.Read(database => OperationRows.Request(database, operation.Id));

    /// <summary>How many checkpoints an operation has.</summary>
    public int CheckpointsOf(string id) => serving.Database.Read(database => OperationRows.Checkpoints(database, id));

    public byte[]? FindCheckpoint(Operation operation, string key) => serving.Database.Read(database => OperationRows.Checkpoint(database, operation.Id, key));

    public void KeepCheckpoint(Operation operation, string key, byte[] content) => serving.Database.Write(database => OperationRows.Keep(database, operation.Id, key, content));

    /// <summary>Replaces an operation by what it is now.</summary>
    public void Update(Operation operation)
    {
        lock (_gate)
        {
            if (Known.GetValueOrDefault(operation.Id) is not { IsDone: false } before) return; // cancelled while it waited, and perhaps deleted
            if (operation.IsDone || operation.Metadata.State != before.Metadata.State)
                serving.Database.Write(database =>
                {
                    OperationRows.Update(database, Stored(operation));
                    if (operation.IsDone) OperationRows.Finish(database, operation.Id);
                });
            if (operation.IsDone) _cancelled.Remove(operation.Id);
            _operations = Known.SetItem(operation.Id, operation);
        }
        Announce();
    }

    /// <summary>Asks for an operation's end. Whoever runs it ends it; one that waits is over at once.</summary>
    public void Cancel(Operation operation, Func<Operation, Operation> cancelled)
    {
        lock (_gate)
        {
            if (Require(operation.Id) is not { IsDone: false } current) return;
            if (current.Metadata.State == Wire.ExtractionState.Running) _cancelled.Add(current.Id);
            else Update(cancelled(current));
        }
        Announce();
    }

    /// <summary>Whether its end was asked for; one that ended while it still waited counts, since whoever runs it may have taken it just then.</summary>
    public bool IsCancelled(Operation operation)
    {
        lock (_gate) return _cancelled.Contains(operation.Id) || Known.GetValueOrDefault(operation.Id) is not { IsDone: false };
    }

    /// <summary>Forgets an operation that is done.</summary>
    /// <exception cref="ApiException">404; 409 while it is not.</exception>
    public void Delete(string name)
    {
        lock (_gate)
        {
            var operation = Require(name);
            if (!operation.IsDone) throw new ApiException(ApiError.Conflict($"{operation.Name} is not done; cancel it first with POST /v1/{operation.Name}:cancel.", "name", ErrorCode.OperationRunning));
            serving.Database.Write(database => OperationRows.Delete(database, operation.Id));
            _operations = _operations!.Remove(operation.Id);
        }
        Announce();
    }

    /// <summary>Waits for an operation's end, or for a time.</summary>
    public async Task<Operation> WaitAsync(string name, TimeSpan most, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        end.CancelAfter(most);
        while (true)
        {
            var change = NextChange;
            var operation = Require(name);
            if (operation.IsDone || serving.IsDraining) return operation;
            try
            {
                await Task.WhenAny(change, serving.NextChange).WaitAsync(end.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return Require(name);
            }
        }
    }

    /// <summary>An operation each time it has come further, at most some times a second, until it is done. Null: nothing has happened for a while.</summary>
    public async IAsyncEnumerable<Operation?> WatchAsync(string name, TimeSpan quiet, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        Operation? told = null;
        while (true)
        {
            var change = Task.WhenAny(NextChange, serving.NextChange);
            var operation = Require(name);
            if (!ReferenceEquals(operation, told)) yield return told = operation;
            if (operation.IsDone || serving.IsDraining) yield break; // an open call would hold up the end
            bool isQuiet = await Task.WhenAny(change, Task.Delay(quiet, cancellation)) != change;
            cancellation.ThrowIfCancellationRequested();
            if (isQuiet) yield return null;
            else await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation);
        }
    }

    private static ImmutableSortedDictionary<string, Operation> Load(SqliteDatabase database) => database.Read(OperationRows.All).ToImmutableSortedDictionary(row => row.Id, row => new Operation(row.Id, Interrupted(Wire.ExtractionMetadata.Parser.ParseFrom(row.Metadata)),
        row.Error is { } error ? Google.Rpc.Status.Parser.ParseFrom(error) : null, row.Response is { } response ? Wire.ExtractionResult.Parser.ParseFrom(response) : null), StringComparer.Ordinal);

    // What ran when the process ended waits now.
    private static Wire.ExtractionMetadata Interrupted(Wire.ExtractionMetadata metadata)
    {
        if (metadata.State == Wire.ExtractionState.Running) metadata.State = Wire.ExtractionState.Queued;
        return metadata;
    }

    private static StoredOperation Stored(Operation operation) => new(operation.Id, operation.Metadata.ToByteArray(), operation.Error?.ToByteArray(), operation.Response?.ToByteArray());

    private void Announce() => Interlocked.Exchange(ref _changed, NewChange()).SetResult();

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
