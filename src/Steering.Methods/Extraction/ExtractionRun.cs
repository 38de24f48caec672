using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Steering.Engine.Attribution;
using Steering.Engine.Generation;
using Steering.Engine.Running;

namespace Steering.Methods.Extraction;

/// <summary>How far an extraction is.</summary>
/// <param name="Stage">One of those it announced.</param>
/// <param name="Done">Of the stage's units.</param>
public readonly record struct ExtractionProgress(string Stage, int Done, int Total);

/// <summary>
/// What an extraction works with: a model, an engine of its own and an attributor that take their turns where nobody else computes, checkpoints, and somebody to tell how far it is.
/// The memory is given back with it. One thread.
/// </summary>
public sealed class ExtractionRun : IDisposable
{
    // Few tokens a step: a step is what a request may have to wait for.
    private const int MaxSequences = 8, TokensPerStep = 16;
    private const long KvCacheBytes = 256L << 20;

    private readonly Action<ExtractionProgress>? _progress;
    private readonly EngineLoop _engine;

    /// <param name="context">Tokens of the longest text, or null for the model's own.</param>
    public ExtractionRun(LoadedModel model, int? context, ICheckpoints checkpoints, Action<ExtractionProgress>? progress, CancellationToken cancellation)
    {
        (Model, Checkpoints, _progress, Cancellation) = (model, checkpoints, progress, cancellation);
        _engine = new EngineLoop(model, new EngineOptions { MaxSequences = MaxSequences, QueueLength = int.MaxValue - MaxSequences, TokensPerStep = TokensPerStep, KvCacheBytes = KvCacheBytes, Context = context, IsBackground = true });
        _engine.Start();
    }

    public LoadedModel Model { get; }
    public ICheckpoints Checkpoints { get; }
    public CancellationToken Cancellation { get; }

    /// <summary>Tokens a text may have.</summary>
    public int Context => _engine.Context;

    public void Report(string stage, int done, int total) => _progress?.Invoke(new ExtractionProgress(stage, done, total));

    public Attributor CreateAttributor(int longest) => new(Model, longest, inBackground: true);

    /// <summary>Runs requests, several at a time, and hands over what became of each, in their order.</summary>
    /// <param name="finished">Called with a request's number and its events.</param>
    /// <exception cref="OperationCanceledException">Nothing writes into captures any more.</exception>
    public void Generate(IReadOnlyList<GenerationRequest> requests, Action<int, List<TokenEvent>> finished)
    {
        var running = requests.Select(_engine.Submit).ToList();
        try
        {
            for (int i = 0; i < running.Count; i++) finished(i, Events(running[i], Cancellation));
        }
        catch
        {
            // Their captures are the caller's memory: it may go only when the engine has let go of it.
            foreach (var generation in running) generation.Cancel();
            foreach (var generation in running) Drain(generation, default);
            throw;
        }
    }

    /// <summary>Numbers that were computed before an interruption, or are computed now and kept.</summary>
    public double[] Once(string key, Func<double[]> compute)
    {
        Cancellation.ThrowIfCancellationRequested();
        if (Checkpoints.Find(key) is { } kept) return MemoryMarshal.Cast<byte, double>(kept).ToArray();
        double[] values = compute();
        Checkpoints.Keep(key, MemoryMarshal.AsBytes<double>(values).ToArray());
        return values;
    }

    private static List<TokenEvent> Events(Generation generation, CancellationToken cancellation)
    {
        var events = Drain(generation, cancellation);
        return events[^1].Error is { } error ? throw new InvalidOperationException(error) : events;
    }

    private static List<TokenEvent> Drain(Generation generation, CancellationToken cancellation)
    {
        var events = new List<TokenEvent>();
        while (generation.Events.WaitToReadAsync(cancellation).AsTask().GetAwaiter().GetResult())
            while (generation.Events.TryRead(out var token)) events.Add(token);
        return events;
    }

    public void Dispose() => _engine.Dispose();
}
