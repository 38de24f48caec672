using System.Collections.Concurrent;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Scheduling;

namespace Steering.Engine.Running;

/// <summary>
/// The one thread that runs a model: admit, schedule, build the batch, forward, sample, publish. Everything else talks to it through <see cref="Submit"/>, <see cref="Generation.Cancel"/>
/// and the events of a <see cref="Generation"/>.
/// </summary>
public sealed class EngineLoop : IDisposable
{
    private readonly LoadedModel _model;
    private readonly EngineOptions _options;
    private readonly ConcurrentQueue<Sequence> _arrivals = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Thread _thread;
    private readonly KvCache _cache;
    private readonly Models.Decoder _decoder;
    private readonly BlockAllocator _blocks;
    private readonly Scheduler _scheduler;
    private readonly Batch _batch;
    private readonly DirectionStore _directions = new();
    private readonly ModelRunner _runner;
    private readonly Action _forward; // made once: a step allocates nothing
    private readonly Action<Sequence> _admitted, _dropped;
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _door = new();
    private int _inFlight;
    private volatile bool _draining, _stopping;

    public EngineLoop(LoadedModel model, EngineOptions options)
    {
        (_model, _options) = (model, options);
        var shape = model.Config.Shape;
        Context = Math.Min(options.Context ?? shape.MaxPositions, shape.MaxPositions);
        var attention = shape.AttentionShape;
        int blocksPerContext = (Context + KvCache.BlockLength - 1) / KvCache.BlockLength;
        long perBlock = KvCache.BytesPerBlock(attention, shape.Blocks, model.Numerics);
        long bytes = options.KvCacheBytes ?? Math.Min((long)options.MaxSequences * blocksPerContext * perBlock, 2L << 30);
        int blocks = (int)Math.Max(blocksPerContext, bytes / perBlock); // at least one whole context, or long requests could never run
        _cache = new KvCache(attention, shape.Blocks, blocks, model.Numerics);
        // A step must hold every decoding sequence; logits are made in slices so that a large vocabulary times a long scored prompt needs no large buffer.
        int tokensPerStep = Math.Max(options.TokensPerStep, options.MaxSequences);
        _decoder = model.CreateDecoder(_cache, tokensPerStep, maxLogitRows: Math.Min(64, tokensPerStep));
        _blocks = new BlockAllocator(blocks);
        _scheduler = new Scheduler(_blocks, options.MaxSequences, tokensPerStep);
        _batch = new Batch(model.Sites.Count);
        _runner = new ModelRunner(_decoder, model.Pool, shape.VocabularySize);
        _forward = () => _runner.Run(_batch);
        _admitted = sequence => sequence.Admit(_directions.Prepare(sequence.Request.Plan, _model.Sites));
        _dropped = sequence => End(sequence, FinishReason.Cancelled);
        Counters.FreeBlocks = blocks;
        _thread = new Thread(Run) { IsBackground = true, Name = $"engine {model.Name}" };
    }

    /// <summary>Tokens of prompt and generation together.</summary>
    public int Context { get; }

    public EngineCounters Counters { get; } = new();

    /// <summary>It takes no requests any more: it was told to end, and what fails from then on may have been ended by that.</summary>
    public bool IsDraining => _draining;

    /// <summary>Bytes of KV cache and activations.</summary>
    public long MemoryBytes => _cache.Bytes + _decoder.ArenaBytes;

    public void Start() => _thread.Start();

    /// <summary>Queues a sequence. Thread-safe.</summary>
    /// <exception cref="ContextExceededException">It does not fit the context.</exception>
    /// <exception cref="QueueFullException">Too many wait already.</exception>
    /// <exception cref="EngineStoppedException">The engine is draining or stopped.</exception>
    public Generation Submit(GenerationRequest request)
    {
        if (request.Prompt.Length == 0) throw new ArgumentException("A prompt needs at least one token.", nameof(request));
        if (request.Prompt.Length + request.MaxTokens > Context || request.MaxTokens < 0) throw new ContextExceededException(request.Prompt.Length, request.MaxTokens, Context);
        var generation = new Generation(request);
        var sequence = new Sequence(request, generation);
        // Under the lock: after draining has begun nothing arrives, so what ends the engine misses nobody.
        lock (_door)
        {
            if (_draining) throw new EngineStoppedException($"{_model.Name} takes no new requests: it is being unloaded, or the server is shutting down.");
            if (_inFlight >= _options.MaxSequences + _options.QueueLength) throw new QueueFullException(Counters.Waiting);
            Interlocked.Increment(ref _inFlight);
            if (request.PromptLogprobs is not null) generation.Publish(new TokenEvent { Token = request.Prompt[0], IsPrompt = true, Logprob = float.NaN });
            _arrivals.Enqueue(sequence);
            _wake.Release();
        }
        return generation;
    }

    /// <summary>Refuses new sequences and completes when the running ones have ended; when cancelled, those left are ended with an error.</summary>
    public async Task DrainAsync(CancellationToken cancellation)
    {
        lock (_door)
        {
            _draining = true;
            _wake.Release();
        }
        try
        {
            await _idle.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            _stopping = true;
            _wake.Release();
        }
    }

    private void Run()
    {
        while (!_stopping)
        {
            bool worked = Step();
            if (worked || _stopping) continue;
            if (_draining && Volatile.Read(ref _inFlight) == 0) _idle.TrySetResult();
            _wake.Wait();
            while (_wake.Wait(0)) { } // one look at the queue serves all who rang
        }
        while (_arrivals.TryDequeue(out var late)) _scheduler.Enqueue(late);
        FailAll(Stopped);
    }

    /// <summary>One forward pass over everything that is ready; false when nothing was.</summary>
    internal bool Step()
    {
        while (_arrivals.TryDequeue(out var sequence)) _scheduler.Enqueue(sequence);
        DropCancelled();
        _scheduler.Admit(_admitted, _dropped);
        var chunks = _scheduler.Schedule();
        if (chunks.Count > 0)
        {
            try
            {
                BatchBuilder.Build(_batch, chunks, _model.Sites);
                _model.Turns.Run(_forward, _options.IsBackground);
                Advance(chunks);
            }
            catch (Exception e) // a step that fails ends its sequences, not the process
            {
                Counters.Failures++;
                FailAll($"The engine failed on this step: {e.GetBaseException().Message}"); // a compute thread's failure is wrapped
            }
        }
        Counters.Running = _scheduler.Running.Count;
        Counters.Waiting = _scheduler.WaitingCount;
        Counters.FreeBlocks = _blocks.Free();
        Counters.Directions = _directions.Count;
        if (chunks.Count == 0) return false;
        Counters.Steps++;
        return true;
    }

    private void DropCancelled()
    {
        for (int i = _scheduler.Running.Count - 1; i >= 0; i--)
            if (_scheduler.Running[i].Generation.IsCancelled) End(_scheduler.Running[i], FinishReason.Cancelled);
    }

    private void Advance(IReadOnlyList<ScheduledChunk> chunks)
    {
        for (int i = 0; i < chunks.Count; i++)
        {
            var (sequence, first, count) = chunks[i];
            sequence.Computed = first + count;
            if (sequence.GeneratedCount == 0)
            {
                if (sequence.Pending == 0) End(sequence, FinishReason.Length); // only the prompt was to be scored
                continue;
            }
            Counters.GeneratedTokens++;
            int token = sequence.Tokens[^1];
            if (sequence.Request.StopTokens.Contains(token)) End(sequence, FinishReason.Stop);
            else if (sequence.GeneratedCount == sequence.Request.MaxTokens) End(sequence, FinishReason.Length);
        }
    }

    private string Stopped => $"{_model.Name} was unloaded, or the server shut down, before this generation was done.";

    private void FailAll(string reason)
    {
        while (_scheduler.Running.Count > 0) End(_scheduler.Running[^1], FinishReason.Error, reason);
        while (_scheduler.TakeWaiting() is { } waiting) End(waiting, FinishReason.Error, reason);
    }

    private void End(Sequence sequence, FinishReason reason, string? error = null)
    {
        _scheduler.Remove(sequence);
        if (sequence.IsAdmitted) _directions.Release(sequence.Request.Plan);
        sequence.Generation.Finish(reason, sequence.Steered, error);
        Interlocked.Decrement(ref _inFlight);
    }

    public void Dispose()
    {
        lock (_door)
        {
            _draining = _stopping = true;
            _wake.Release();
        }
        if (_thread.IsAlive) _thread.Join();
        else FailAll(Stopped);
        _decoder.Dispose();
        _cache.Dispose();
        _batch.Dispose();
        _directions.Dispose();
        _runner.Dispose();
        _wake.Dispose();
    }
}
