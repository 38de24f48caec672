using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using Steering.Engine.Sampling;

namespace Steering.Engine.Scheduling;

/// <summary>A running request: its tokens so far, how many of them the model has seen, and the memory it holds. Engine thread only.</summary>
public sealed class Sequence
{
    private readonly int[] _tokens;

    internal Sequence(GenerationRequest request, Running.Generation generation)
    {
        Request = request;
        Generation = generation;
        _tokens = new int[request.Prompt.Length + request.MaxTokens];
        request.Prompt.AsSpan().CopyTo(_tokens);
        Count = request.Prompt.Length;
        Blocks = new int[(_tokens.Length + KvCache.BlockLength - 1) / KvCache.BlockLength];
        int uses = request.Plan.Edits.Aggregate(request.Plan.Uses.Length, (most, edit) => Math.Max(most, edit.Use + 1));
        PromptSteered = new int[uses];
        GeneratedSteered = new int[uses];
        if (TokenCounts.AreNeeded(request.Sampling)) Counts = new TokenCounts(request.Prompt.AsSpan(), request.MaxTokens);
    }

    public GenerationRequest Request { get; }
    internal Running.Generation Generation { get; }

    /// <summary>Prompt and generated tokens.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Count);

    /// <summary>Number of tokens known.</summary>
    public int Count { get; private set; }

    /// <summary>Number of tokens it may grow to: prompt and all that may be generated.</summary>
    public int Capacity => _tokens.Length;

    /// <summary>Number of tokens the model has computed: positions [0, Computed) are in the KV cache.</summary>
    public int Computed { get; internal set; }

    /// <summary>Tokens that wait to be computed: the prompt's rest, or the one sampled last.</summary>
    public int Pending => Count - Computed;

    public int GeneratedCount => Count - Request.Prompt.Length;

    /// <summary>KV blocks, position order; reserved for prompt and all of MaxTokens at admission (docs/decisions.md 31).</summary>
    public int[] Blocks { get; }

    /// <summary>Token counts for penalties; null where no penalty needs them.</summary>
    public TokenCounts? Counts { get; }

    /// <summary>Edits bound to device memory, one per planned edit; set at admission.</summary>
    internal Running.PreparedEdit[] Edits { get; private set; } = [];

    /// <summary>Whether it holds blocks and directions.</summary>
    internal bool IsAdmitted { get; private set; }

    internal void Admit(Running.PreparedEdit[] edits) => (Edits, IsAdmitted) = (edits, true);

    /// <summary>Positions edited so far, per use of the plan.</summary>
    internal int[] PromptSteered { get; }
    internal int[] GeneratedSteered { get; }

    internal SteeringCounts Steered => new([.. PromptSteered], [.. GeneratedSteered]);

    internal void Append(int token)
    {
        _tokens[Count++] = token;
        Counts?.Add(token);
    }
}
