using System.Threading.Channels;
using Steering.Engine.Generation;

namespace Steering.Engine.Running;

/// <summary>The caller's end of a running sequence: its events, and the way to stop it. Thread-safe.</summary>
public sealed class Generation
{
    private readonly Channel<TokenEvent> _events;
    private volatile bool _cancelled;

    internal Generation(GenerationRequest request)
    {
        // Room for everything the engine will ever write (docs/decisions.md 31): it never waits for a reader.
        int capacity = request.MaxTokens + 2 + (request.PromptLogprobs is null ? 0 : request.Prompt.Length);
        _events = Channel.CreateBounded<TokenEvent>(new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = false });
    }

    /// <summary>Tokens as they are made, then one event with the finish; completes after it.</summary>
    public ChannelReader<TokenEvent> Events => _events.Reader;

    /// <summary>Stops the sequence: its place and memory are free before the next step begins.</summary>
    public void Cancel() => _cancelled = true;

    internal bool IsCancelled => _cancelled;

    internal void Publish(in TokenEvent token)
    {
        if (!_events.Writer.TryWrite(token)) throw new InvalidOperationException("A sequence produced more events than it announced.");
    }

    internal void Finish(FinishReason reason, SteeringCounts? steered, string? error = null)
    {
        _events.Writer.TryWrite(new TokenEvent { Token = -1, Logprob = float.NaN, Finish = reason, Steered = steered, Error = error });
        _events.Writer.TryComplete();
    }
}
