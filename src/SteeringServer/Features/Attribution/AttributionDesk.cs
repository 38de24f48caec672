using Steering.Engine.Attribution;
using Steering.Engine.Running;
using SteeringServer.Errors;

namespace SteeringServer.Features.Attribution;

/// <summary>
/// Runs attributions of a model, one at a time, beside its engine. They use the model's memory from a thread of their own, so the model is given back only after the last has ended. Any thread.
/// </summary>
internal sealed class AttributionDesk(LoadedModel model) : IDisposable
{
    /// <summary>What one attribution may take.</summary>
    public const long MostBytes = 1L << 30;

    private const int MostWaiting = 8;
    private readonly SemaphoreSlim _one = new(1);
    private readonly CancellationTokenSource _ending = new();
    private int _present, _isDisposed;

    /// <param name="longest">Tokens of the longest sequence.</param>
    /// <exception cref="ApiException">429 where many wait already, 503 where the model is taken out of service.</exception>
    public async Task<T> RunAsync<T>(int longest, Func<Attributor, CancellationToken, T> work, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _ending.Token);
        if (Interlocked.Increment(ref _present) > MostWaiting + 1)
        {
            Interlocked.Decrement(ref _present);
            throw new ApiException(new ApiError(429, ErrorType.RateLimit, $"One attribution runs and {MostWaiting} wait; try again in a moment.", null, ErrorCode.QueueFull) { RetryAfter = 1 });
        }
        try
        {
            await _one.WaitAsync(end.Token);
            try
            {
                // Its own thread: it computes for seconds, and the pool's few threads have connections to accept.
                return await Task.Factory.StartNew(() =>
                {
                    using var attributor = new Attributor(model, longest);
                    return work(attributor, end.Token);
                }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
            finally
            {
                _one.Release();
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new ApiException(ApiError.Unavailable("The model is being taken out of service; the attribution was given up.", ErrorCode.Draining));
        }
        finally
        {
            Interlocked.Decrement(ref _present);
        }
    }

    /// <summary>Ends what runs and refuses what comes.</summary>
    public void End() => _ending.Cancel();

    /// <summary>Returns when nothing uses the model any more, and nothing will: the place is not given back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1) return;
        End();
        _one.Wait();
    }
}
