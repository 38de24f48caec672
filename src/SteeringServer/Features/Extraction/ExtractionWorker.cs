using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Steering.Methods.Extraction;
using SteeringServer.Errors;
using SteeringServer.Features.Operations;
using SteeringServer.Grpc;
using SteeringServer.Hosting;
using Operation = SteeringServer.Features.Operations.Operation;
using Wire = Steering.V1;

namespace SteeringServer.Features.Extraction;

/// <summary>
/// Runs extractions, one at a time, oldest first, whenever their model is there. One that is interrupted, because its model is taken out of service or the process ends, waits again and goes on from its
/// checkpoints.
/// </summary>
internal sealed class ExtractionWorker(OperationStore operations, Serving serving, TimeProvider clock, ILogger<ExtractionWorker> log) : BackgroundService
{
    private static readonly TimeSpan BeforeAnotherTry = TimeSpan.FromSeconds(10);

    /// <summary>An operation that was cancelled.</summary>
    public static Operation Cancelled(Operation operation) => Failed(operation, Code.Cancelled, "The operation was cancelled.") with { Metadata = Ended(operation, Wire.ExtractionState.Cancelled, DateTimeOffset.UtcNow).Metadata };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested && !serving.IsDraining)
        {
            var change = Task.WhenAny(serving.NextChange, operations.NextChange);
            try
            {
                if (Next() is var (operation, served)) await RunAsync(operation, served);
                else await change.WaitAsync(stoppingToken);
            }
#pragma warning disable CA1031 // What a run fails with becomes its operation's error; what comes here is a database that cannot be read or written, and the server goes on.
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                ExtractionLog.Stumbled(log, failure, BeforeAnotherTry.TotalSeconds);
                await Task.Delay(BeforeAnotherTry, stoppingToken);
            }
        }
    }

    // The database is open once a model is ready.
    private (Operation, ServedModel)? Next()
    {
        var ready = serving.Ready.ToList();
        if (ready.Count == 0) return null;
        foreach (var operation in operations.All.Where(operation => !operation.IsDone))
            if (ready.Find(served => served.Name == operation.Metadata.Model) is { } served && served.Users.TryEnter()) return (operation, served);
        return null;
    }

    private async Task RunAsync(Operation operation, ServedModel served)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(served.Users.Ending);
        try
        {
            // Its own thread: it computes for minutes, and the pool's few threads have connections to accept.
            var work = Task.Factory.StartNew(() => Run(operation, served, cancellation.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            while (true)
            {
                var change = operations.NextChange;
                if (operations.IsCancelled(operation)) await cancellation.CancelAsync();
                if (await Task.WhenAny(work, change) == work) break;
            }
            operations.Update(await work);
        }
        finally
        {
            served.Users.Leave();
        }
    }

    private Operation Run(Operation operation, ServedModel served, CancellationToken cancellation)
    {
        long began = clock.GetTimestamp();
        try
        {
            var job = ExtractionJob.Resume(operations.RequestOf(operation), served);
            var meter = new ExtractionProgressMeter(job.Costs(), clock);
            operation = operation.With(metadata => (metadata.State, metadata.Started) = (Wire.ExtractionState.Running, Timestamp.FromDateTimeOffset(clock.GetUtcNow())));
            operations.Update(operation);
            ExtractionLog.Began(log, operation.Name, operation.Metadata.Vector, job.Pairs.Length, served.Name);
            var result = job.Run(operation, new Checkpoints(operations, operation), progress => operations.Update(operation = operation.With(metadata => meter.Apply(progress, metadata))), cancellation);
            ExtractionLog.Succeeded(log, operation.Name, result.Vector, result.RecommendedBlock, result.Strength.From, result.Strength.To, clock.GetElapsedTime(began).TotalSeconds);
            return Ended(operation, Wire.ExtractionState.Succeeded, clock.GetUtcNow()) with { Response = result };
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            if (operations.IsCancelled(operation))
            {
                ExtractionLog.Cancelled(log, operation.Name);
                return Cancelled(operation);
            }
            ExtractionLog.Interrupted(log, operation.Name, served.Name);
            return operation.With(metadata =>
            {
                metadata.State = Wire.ExtractionState.Queued;
                metadata.ClearRemainingSeconds();
            });
        }
        catch (Exception refusal) when (refusal is ExtractionException or ApiException)
        {
            ExtractionLog.Failed(log, operation.Name, refusal.Message);
            var code = refusal is ApiException { Error: var error } ? (Code)(int)RpcErrors.CodeOf(error) : Code.FailedPrecondition;
            return Failed(operation, code, refusal is ApiException api ? api.Error.Message : refusal.Message);
        }
#pragma warning disable CA1031 // Whatever it is, the server keeps serving; the operation and the log say that it failed.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            ExtractionLog.Broke(log, failure, operation.Name);
            return Failed(operation, Code.Internal, $"The extraction failed. The server's log says why under {operation.Name}.");
        }
    }

    private static Operation Failed(Operation operation, Code code, string message) => Ended(operation, Wire.ExtractionState.Failed, DateTimeOffset.UtcNow) with { Error = new Status { Code = (int)code, Message = message } };

    private static Operation Ended(Operation operation, Wire.ExtractionState state, DateTimeOffset now) => operation.With(metadata =>
    {
        (metadata.State, metadata.Ended) = (state, Timestamp.FromDateTimeOffset(now));
        metadata.ClearRemainingSeconds();
        if (state == Wire.ExtractionState.Succeeded) metadata.Fraction = 1;
    });

    private sealed class Checkpoints(OperationStore store, Operation operation) : ICheckpoints
    {
        public byte[]? Find(string key) => store.FindCheckpoint(operation, key);

        public void Keep(string key, byte[] content) => store.KeepCheckpoint(operation, key, content);
    }
}
