namespace Steering.Engine.Running;

/// <summary>What the engine is doing: written by the engine thread at the end of each step, readable from any thread.</summary>
public sealed class EngineCounters
{
    private int _running, _waiting, _freeBlocks, _directions;
    private long _steps, _tokens, _failures;

    /// <summary>Sequences that are computed.</summary>
    public int Running { get => Volatile.Read(ref _running); internal set => Volatile.Write(ref _running, value); }

    /// <summary>Sequences that wait for a place.</summary>
    public int Waiting { get => Volatile.Read(ref _waiting); internal set => Volatile.Write(ref _waiting, value); }

    /// <summary>KV blocks nobody holds.</summary>
    public int FreeBlocks { get => Volatile.Read(ref _freeBlocks); internal set => Volatile.Write(ref _freeBlocks, value); }

    /// <summary>Distinct direction tensors in device memory.</summary>
    public int Directions { get => Volatile.Read(ref _directions); internal set => Volatile.Write(ref _directions, value); }

    public long Steps { get => Volatile.Read(ref _steps); internal set => Volatile.Write(ref _steps, value); }

    /// <summary>Tokens generated.</summary>
    public long GeneratedTokens { get => Volatile.Read(ref _tokens); internal set => Volatile.Write(ref _tokens, value); }

    /// <summary>Steps that failed; each ended its sequences with an error.</summary>
    public long Failures { get => Volatile.Read(ref _failures); internal set => Volatile.Write(ref _failures, value); }
}
