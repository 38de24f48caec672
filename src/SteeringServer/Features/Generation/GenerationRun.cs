using System.Threading.Channels;
using Steering.Engine.Running;
using Steering.Engine.Tokenization;
using EngineGeneration = Steering.Engine.Running.Generation;

namespace SteeringServer.Features.Generation;

/// <summary>The running sequences of one request, merged into one stream of updates. Disposing it stops what still runs.</summary>
internal sealed class GenerationRun : IDisposable
{
    private readonly List<EngineGeneration> _sequences = [];
    // Not bounded here: the engine's channels are, by max_tokens, and this one never holds more than they would.
    private readonly Channel<ChoiceUpdate> _updates = Channel.CreateUnbounded<ChoiceUpdate>(new UnboundedChannelOptions { SingleReader = true });
    private int _open;

    private readonly EngineLoop _engine;

    private GenerationRun(EngineLoop engine) => _engine = engine;

    /// <summary>Its engine was told to end: the model is being unloaded, or the server stops.</summary>
    public bool IsEnding => _engine.IsDraining;

    /// <summary>Updates of all choices in the order they happen; completes when every sequence has ended.</summary>
    public ChannelReader<ChoiceUpdate> Updates => _updates.Reader;

    /// <summary>Submits every sequence of a request, or none.</summary>
    /// <exception cref="QueueFullException">There is no room for all of them.</exception>
    /// <exception cref="EngineStoppedException">The engine takes no requests.</exception>
    public static GenerationRun Start(EngineLoop engine, Tokenizer tokenizer, PreparedGeneration generation)
    {
        var run = new GenerationRun(engine);
        try
        {
            var assemblers = new List<ChoiceAssembler>();
            foreach (bool isUnsteered in generation.Steering.WantsUnsteered ? new[] { false, true } : [false])
            {
                for (int choice = 0; choice < generation.Choices; choice++)
                {
                    var request = generation.RequestFor(choice, isUnsteered);
                    run._sequences.Add(engine.Submit(request));
                    assemblers.Add(new ChoiceAssembler(generation, choice, isUnsteered, request, tokenizer));
                }
            }
            run._open = run._sequences.Count;
            for (int i = 0; i < run._sequences.Count; i++) _ = run.PumpAsync(run._sequences[i], assemblers[i]);
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>Puts a <see cref="ChoiceUpdate.Heartbeat"/> among the updates.</summary>
    public void Beat() => _updates.Writer.TryWrite(ChoiceUpdate.Heartbeat);

    /// <summary>Stops what runs when its client leaves. Registered rather than awaited: the slot is free before the next step even while a slow write is under way.</summary>
    public CancellationTokenRegistration StopWhen(CancellationToken left) => left.UnsafeRegister(static state => ((GenerationRun)state!).Dispose(), this);

    public void Dispose()
    {
        foreach (var sequence in _sequences) sequence.Cancel();
    }

    private async Task PumpAsync(EngineGeneration sequence, ChoiceAssembler assembler)
    {
        try
        {
            await foreach (var token in sequence.Events.ReadAllAsync())
            {
                bool wasStopped = assembler.IsStopped;
                if (assembler.Accept(token, out var update)) _updates.Writer.TryWrite(update);
                if (assembler.IsStopped && !wasStopped) sequence.Cancel();
            }
            if (Interlocked.Decrement(ref _open) == 0) _updates.Writer.TryComplete();
        }
#pragma warning disable CA1031 // Whatever it is, it belongs to the request that waits for these updates, which rethrows it.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _updates.Writer.TryComplete(failure);
        }
    }
}
