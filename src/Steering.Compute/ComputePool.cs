using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Steering.Compute;

/// <summary>Work on a range of items; an unmanaged struct, so that handing it to other threads allocates nothing.</summary>
public interface IJob
{
    /// <summary>Does items [first, last). Called once per thread, concurrently, with disjoint ranges.</summary>
    void Run(int first, int last);
}

/// <summary>
/// Fork-join over dedicated threads: the caller does its share, workers spin for the next job for a moment and then park, so an idle server burns nothing
/// and a busy one pays 0.1 microseconds per fork, 0.5 where cores share no cache (a thread-pool fork costs 4 microseconds and garbage, and a 30-block model has 150 forks a token).
/// </summary>
/// <remarks>One caller at a time; several engines that share a pool take <see cref="Turns"/>.</remarks>
public sealed unsafe class ComputePool : IDisposable
{
    // A spin is about 40 ns (the runtime measures the processor's pause): workers park after a tenth of a millisecond, and the caller gives its core away after as long.
    private const int SpinsBeforeParking = 3000;
    private readonly Thread[] _workers;
    private readonly SemaphoreSlim[] _wake;
    private readonly int[] _parked;
    private Exception? _failure;
    private Handover _handover;

    /// <summary>What threads tell each other. What the caller waits for, what workers wait for and everything else of the pool lie on cache lines of their own: else every write waits for the line that somebody polls (half as long again where cores share no cache).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 3 * Apart)]
    private struct Handover
    {
        private const int Apart = 128; // two lines: the processor fetches them in pairs, and the garbage collector aligns objects to 8 bytes

        [FieldOffset(Apart)] public volatile int Generation;
        [FieldOffset(Apart + 4)] public volatile bool Stopping;
        [FieldOffset(Apart + 8)] public int Items;
        [FieldOffset(Apart + 16)] public delegate*<void*, int, int, void> Run;
        [FieldOffset(Apart + 24)] public void* Job;
        [FieldOffset(2 * Apart)] public int Pending;
    }

    /// <param name="threads">Threads that compute, the caller included; at least 1.</param>
    public ComputePool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _workers = new Thread[threads - 1];
        _wake = new SemaphoreSlim[threads - 1];
        _parked = new int[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            int worker = i;
            _wake[i] = new SemaphoreSlim(0);
            _workers[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"compute {i + 1}" };
            _workers[i].Start();
        }
    }

    public int Threads { get; }

    public ComputeTurns Turns { get; } = new();

    /// <summary>Every core but one where there are more than two; the one left over serves HTTP.</summary>
    public static int DefaultThreads => Environment.ProcessorCount <= 2 ? Environment.ProcessorCount : Environment.ProcessorCount - 1;

    /// <summary>Runs the job over [0, items) split into one contiguous range per thread, and returns when all are done.</summary>
    public void Run<TJob>(TJob job, int items, int itemsPerThread = 1) where TJob : unmanaged, IJob
    {
        if (_workers.Length == 0 || items < 2 * itemsPerThread)
        {
            if (items > 0) job.Run(0, items);
            return;
        }
        _handover.Run = &Invoke<TJob>;
        _handover.Job = &job;
        _handover.Items = items;
        Volatile.Write(ref _handover.Pending, _workers.Length);
        Interlocked.Increment(ref _handover.Generation);
        for (int i = 0; i < _workers.Length; i++)
            if (Interlocked.Exchange(ref _parked[i], 0) == 1) _wake[i].Release();
        Exception? mine = null;
        try
        {
            job.Run(0, (int)((long)items / Threads));
        }
        catch (Exception e)
        {
            mine = e; // the workers still hold a pointer to the job on this stack: wait for them before leaving
        }
        for (int spins = 0; Volatile.Read(ref _handover.Pending) != 0; spins++)
        {
            if (spins < SpinsBeforeParking) Thread.SpinWait(1);
            else Thread.Yield(); // somebody else has a worker's core
        }
        if ((mine ?? Interlocked.Exchange(ref _failure, null)) is { } failure) throw new InvalidOperationException("A compute job failed.", failure);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Invoke<TJob>(void* job, int first, int last) where TJob : unmanaged, IJob => ((TJob*)job)->Run(first, last);

    private void Work(int worker)
    {
        int seen = 0;
        while (true)
        {
            int spins = 0;
            while (_handover.Generation == seen && !_handover.Stopping)
            {
                if (++spins < SpinsBeforeParking)
                {
                    Thread.SpinWait(1);
                    continue;
                }
                Interlocked.Exchange(ref _parked[worker], 1);
                if (_handover.Generation != seen || _handover.Stopping)
                {
                    // Somebody may already have taken the flag and released the semaphore: then consume that release.
                    if (Interlocked.Exchange(ref _parked[worker], 0) == 0) _wake[worker].Wait();
                    break;
                }
                _wake[worker].Wait();
                spins = 0;
            }
            if (_handover.Stopping) return;
            seen = _handover.Generation;
            int first = (int)((long)_handover.Items * (worker + 1) / Threads), last = (int)((long)_handover.Items * (worker + 2) / Threads);
            try
            {
                if (first < last) _handover.Run(_handover.Job, first, last);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, e, null); // rethrown by Run on the caller's thread
            }
            Interlocked.Decrement(ref _handover.Pending);
        }
    }

    public void Dispose()
    {
        if (_handover.Stopping) return;
        _handover.Stopping = true;
        for (int i = 0; i < _workers.Length; i++) _wake[i].Release();
        foreach (var worker in _workers) worker.Join();
        foreach (var wake in _wake) wake.Dispose();
    }
}
