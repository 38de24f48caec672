using System.Diagnostics;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using Steering.Engine.Running;

namespace SteeringServer.Benchmarks.Engine;

/// <summary>An engine whose steps are taken, and timed, by the caller.</summary>
internal sealed class BenchmarkEngine : IDisposable
{
    public const int PromptLength = 16;
    private readonly EngineLoop _engine;
    private readonly List<Generation> _generations = [];

    /// <summary>Sequences with the plans given, their prompts in.</summary>
    public BenchmarkEngine(LoadedModel model, int context, params IReadOnlyList<InterventionPlan> plans)
    {
        _engine = new EngineLoop(model, new EngineOptions { MaxSequences = plans.Count, Context = context, TokensPerStep = 512 });
        for (int i = 0; i < plans.Count; i++) _generations.Add(_engine.Submit(Request(i, PromptLength, context - PromptLength, plans[i])));
        while (_generations.Any(generation => generation.Events.Count == 0)) Step();
    }

    /// <summary>One step of all sequences.</summary>
    public TimeSpan Step()
    {
        long start = Stopwatch.GetTimestamp();
        if (!_engine.Step()) throw new InvalidOperationException("The benchmark's context is used up.");
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Seconds for prompts of so many tokens to give their first one, one after the other: the first touches the pages of cache and activations, the others do not.</summary>
    public static IEnumerable<double> Prefill(LoadedModel model, int length)
    {
        using var engine = new EngineLoop(model, new EngineOptions { MaxSequences = 1, Context = length + 1, TokensPerStep = 512 });
        while (true)
        {
            var generation = engine.Submit(Request(0, length, 1, InterventionPlan.Empty));
            long start = Stopwatch.GetTimestamp();
            while (generation.Events.Count == 0) engine.Step();
            yield return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }

    private static GenerationRequest Request(int seed, int prompt, int tokens, InterventionPlan plan) => new()
    {
        Id = "benchmark",
        Prompt = [.. Enumerable.Range(0, prompt).Select(i => 5 + (i * 31 + seed * 7) % 200)],
        MaxTokens = tokens,
        Plan = plan,
        Sampling = new SamplingParameters { Temperature = 0.8, Seed = (ulong)seed },
    };

    public void Dispose()
    {
        foreach (var generation in _generations) generation.Cancel();
        _engine.Step();
        _engine.Dispose();
    }
}
