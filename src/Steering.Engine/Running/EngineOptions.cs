namespace Steering.Engine.Running;

/// <summary>Sizes of an engine, fixed when it starts.</summary>
public sealed record EngineOptions
{
    /// <summary>Sequences that run at once; others wait.</summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>Sequences that may wait; more are refused.</summary>
    public int QueueLength { get; init; } = 256;

    /// <summary>Tokens one step computes at most: long prompts are cut into chunks of this size, shared with decoding sequences.</summary>
    public int TokensPerStep { get; init; } = 256;

    /// <summary>Bytes of KV cache; null: enough for <see cref="MaxSequences"/> whole contexts, at most 2 GiB.</summary>
    public long? KvCacheBytes { get; init; }

    /// <summary>Context to serve, in tokens; null: what the model was made for.</summary>
    public int? Context { get; init; }

    /// <summary>Nobody waits for what it computes: its steps come where others pause (<see cref="Compute.ComputeTurns"/>).</summary>
    public bool IsBackground { get; init; }
}

/// <summary>The queue is full: try again later.</summary>
public sealed class QueueFullException(int waiting) : Exception($"The server's queue is full ({waiting} requests wait). Try again in a moment.");

/// <summary>The engine is shutting down or has failed and takes no requests.</summary>
public sealed class EngineStoppedException(string reason) : Exception(reason);

/// <summary>Prompt and requested tokens do not fit.</summary>
public sealed class ContextExceededException(int promptTokens, int maxTokens, int context)
    : Exception($"The prompt has {promptTokens} tokens and {maxTokens} more were asked for; together at most {context} fit. Shorten the prompt or lower max_tokens.")
{
    public int PromptTokens => promptTokens;
    public int MaxTokens => maxTokens;
    public int Context => context;
}
