using System.Diagnostics;
using System.Globalization;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Running;

namespace SteeringServer.Benchmarks.Engine;

/// <summary>
/// Tokens per second of the engine alone (no HTTP) on one model: decode at several batch sizes, prefill, and the same with a vector on every block, interleaved. Decode of one sequence is also
/// given as a share of reading the weights once per token.
/// </summary>
internal sealed class DecodeBenchmark(string folder, int threads)
{
    private const int PromptLength = 16;
    private const int Tokens = 128;
    private const int Repeats = 7;

    public void Run(TextWriter output)
    {
        using var model = LoadedModel.Load(folder, new LoadOptions { Threads = threads });
        double limit = MemoryLimit.Measure(model.WeightBytes, threads);
        output.WriteLine(Invariant($"{model.Name}: {model.WeightBytes / 1e6:f1} MB of {model.WeightType.Name()} weights, {model.KernelName} kernels, {threads} threads"));
        output.WriteLine(Invariant($"read limit for that many bytes, same run: {limit / 1e9:f1} GB/s = {limit / model.WeightBytes:f0} tok/s for one sequence"));
        output.WriteLine();
        output.WriteLine("| sequences | tok/s | steered on every block | steered / plain | of read limit |");
        output.WriteLine("|---|---|---|---|---|");
        var plan = EveryBlock(model);
        foreach (int batch in (int[])[1, 4, 8, 16, 32])
        {
            List<double> plain = [], steered = [];
            for (int i = 0; i <= Repeats; i++)
            {
                double a = Decode(model, batch, InterventionPlan.Empty), b = Decode(model, batch, plan);
                if (i == 0) continue; // warm-up
                plain.Add(a);
                steered.Add(b);
            }
            double median = Median(plain), ratio = Median([.. steered.Zip(plain, (s, p) => s / p)]);
            output.WriteLine(Invariant($"| {batch} | {median:f0} | {Median(steered):f0} | {ratio:f3} | {(batch == 1 ? (median * model.WeightBytes / limit).ToString("f2", CultureInfo.InvariantCulture) : "")} |"));
        }
        output.WriteLine();
        int length = Math.Min(480, model.Config.Shape.MaxPositions - 1);
        output.WriteLine(Invariant($"prefill of {length} tokens: {Median([.. Enumerable.Range(0, Repeats).Select(_ => Prefill(model, length))]):f0} tok/s"));
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private static double Decode(LoadedModel model, int batch, InterventionPlan plan)
    {
        using var engine = new EngineLoop(model, new EngineOptions { MaxSequences = batch, Context = PromptLength + Tokens });
        var generations = Enumerable.Range(0, batch).Select(i => engine.Submit(Request(i, PromptLength, Tokens, plan))).ToArray();
        engine.Start();
        foreach (var generation in generations) generation.Events.ReadAsync().AsTask().Wait(); // every prompt is in
        long start = Stopwatch.GetTimestamp();
        int before = generations.Sum(g => g.Events.Count);
        Task.WaitAll([.. generations.Select(g => g.Events.Completion.WaitAsync(TimeSpan.FromMinutes(5))), .. generations.Select(Drain)]);
        return (batch * (Tokens - 1) - before) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task Drain(Generation generation)
    {
        await foreach (var _ in generation.Events.ReadAllAsync()) { }
    }

    private static double Prefill(LoadedModel model, int length)
    {
        using var engine = new EngineLoop(model, new EngineOptions { MaxSequences = 1 });
        var generation = engine.Submit(Request(0, length, 1, InterventionPlan.Empty));
        long start = Stopwatch.GetTimestamp();
        engine.Start();
        generation.Events.ReadAsync().AsTask().Wait();
        return length / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static GenerationRequest Request(int seed, int prompt, int tokens, InterventionPlan plan) => new()
    {
        Id = "benchmark",
        Prompt = [.. Enumerable.Range(0, prompt).Select(i => 5 + (i * 31 + seed * 7) % 200)],
        MaxTokens = tokens,
        Plan = plan,
        Sampling = new SamplingParameters { Temperature = 0.8, TopP = 0.95, Seed = (ulong)seed },
    };

    private static InterventionPlan EveryBlock(LoadedModel model)
    {
        int width = model.Sites.HiddenWidth;
        var random = new Random(1);
        return InterventionPlan.Empty with
        {
            Edits =
            [
                .. Enumerable.Range(0, model.Sites.Blocks).Select(block => new PlannedEdit
                {
                    Use = 0,
                    Site = new Site(SitePoint.ResidPost, block),
                    Operation = Operation.Add,
                    Directions = new DirectionTensor(1, width, [.. Enumerable.Range(0, width).Select(_ => (float)random.NextDouble() - 0.5f)]),
                    CoefficientPerStrength = 0.01,
                    Strength = new ScheduledStrength(1, Schedule.Constant),
                    Positions = ResolvedPositions.All,
                }),
            ],
        };
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
