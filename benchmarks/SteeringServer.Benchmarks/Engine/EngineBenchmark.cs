using System.Diagnostics;
using Steering.Compute;
using Steering.Compute.Cpu;
using Steering.Engine.Interventions;
using Steering.Engine.Running;
using SteeringServer.Benchmarks.Kernels;

namespace SteeringServer.Benchmarks.Engine;

/// <summary>
/// Decode and prefill of the engine alone (no HTTP, sampling included) against this machine's limits, measured between the steps they are compared with: one sequence against reading the weights, many against the
/// processor's operations and against reading the weights and all keys and values.
/// </summary>
internal sealed class EngineBenchmark(int threads)
{
    private const int Context = 128, Prompt = 512, Pairs = 41, Skipped = 60, Prefills = 7;
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1);
    private static readonly int[] s_batches = [1, 8, 16, 32];
    private readonly List<string> _speeds = [], _parts = [];

    /// <summary>Measures a model kept in one way and adds its rows to the tables.</summary>
    /// <param name="products">Multiply-adds of a token's matrix products; of them the head's.</param>
    public void Run(string name, string path, (long All, long Head) products, Numerics numerics, WeightStorage storage)
    {
        using var pool = new ComputePool(threads);
        var timed = new TimedKernels(CpuBackend.Create(pool, null, numerics, storage));
        using var model = LoadedModel.LoadWeights(path, new LoadOptions(), timed);
        using var block = new DeviceBuffer(model.WeightBytes / 4096 * 4096);
        MemoryLimit.Fill(block);
        // Before and after every row of steps: the processor's clock is not the same from minute to minute, and a limit that was disturbed is none.
        double PeakNow() => Peak(model, MachineLimits.Measure(threads));
        string cells = $"| {name} | {model.KeptTypes} | {numerics.Name()} |", parts = cells;
        long keyValueBytes = KeyValueBytes(model);
        foreach (int batch in s_batches)
        {
            BenchmarkEngine Start(int sequences) => new(model, Context, Enumerable.Repeat(InterventionPlan.Empty, sequences).ToArray());
            // Until the runtime has recompiled what is hot, which it does in pauses of its own.
            for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < s_warmUp;)
            {
                using var warm = Start(batch);
                for (int i = 0; i < Skipped; i++) warm.Step();
            }
            using BenchmarkEngine engine = Start(batch), one = Start(1);
            for (int i = 0; i < Skipped; i++) // to a length that is neither short nor long
            {
                engine.Step();
                one.Step();
            }
            List<double> steps = [], ofRead = [], bandwidths = [], times = [];
            double before = PeakNow(), all = 0;
            timed.Reset();
            for (int i = 0; i < (batch > 1 ? Pairs / 2 : Pairs); i++)
            {
                double bandwidth = block.Bytes / MemoryLimit.Once(pool, block), alone = 0;
                if (batch > 1)
                {
                    timed.IsPaused = true;
                    alone = one.Step().TotalSeconds;
                    timed.IsPaused = false;
                    all += engine.Step().TotalSeconds; // what ran before took what the caches hold of activations, keys and values
                }
                double step = engine.Step().TotalSeconds;
                all += step;
                steps.Add(step);
                times.Add(batch * alone / step);
                bandwidths.Add(bandwidth);
                ofRead.Add((block.Bytes + (batch > 1 ? batch * keyValueBytes : 0)) / bandwidth / step);
            }
            var report = timed.Report(TimeSpan.FromSeconds(all));
            double median = Statistics.Median(steps), ofCompute = batch * 2.0 * products.All / Math.Max(before, PeakNow()) / median;
            cells += batch == 1 ? Invariant($" {1 / median:f0} | {Statistics.Median(ofRead):f2} at {Statistics.Median(bandwidths) / 1e9:f0} GB/s |") : Invariant($" {batch / median:f0} ({Statistics.Median(times):f1} x, {ofCompute:f2}, {Statistics.Median(ofRead):f2}) |");
            if (batch is 1 or 16) parts += $" {report} |";
        }
        List<double> prefills = [];
        double beforePrefills = PeakNow();
        foreach (double seconds in BenchmarkEngine.Prefill(model, Prompt).Take(Prefills + 1))
        {
            prefills.Add(seconds);
            if (prefills.Count == 1) timed.Reset(); // the first warms up
        }
        prefills.RemoveAt(0);
        double prefill = Statistics.Median(prefills);
        _speeds.Add(cells + Invariant($" {Prompt / prefill:f0} | {Prompt * 2.0 * (products.All - products.Head) / Math.Max(beforePrefills, PeakNow()) / prefill:f2} |"));
        _parts.Add(parts + $" {timed.Report(TimeSpan.FromSeconds(prefills.Sum()))} |");
        Console.WriteLine(_speeds[^1]);
        Console.WriteLine(_parts[^1]);
    }

    public void Write(TextWriter output)
    {
        output.WriteLine($"""
            Tokens a second. For one sequence the share of a plain read of as many bytes, measured between its steps; for 8, 16 and 32 how many times one sequence, whose steps are taken in between, the share of the compute limit (the operations per
            second of the instructions that multiply the weights: f32 FMA in exact, AMX or AVX512-BF16 for bf16 weights and AVX512-VNNI for 8-bit weights in fast), and the share of the memory limit (a plain read of the weights once and
            of all keys and values). A step takes at least the longer of the two; where products wait for the processor and attention for memory, their sum. Prompts of {Prompt} tokens, in one step. Medians of {Pairs} steps of one
            sequence, {Pairs / 2} of several, {Prefills} prompts.

            | model | weights | numerics | 1 | of a read | 8 | 16 | 32 | prefill | of compute |
            |---|---|---|---|---|---|---|---|---|---|
            {string.Join('\n', _speeds)}

            Where the time of a step goes ("rest" is sampling and the engine's own work):

            | model | weights | numerics | one sequence | 16 | prefill |
            |---|---|---|---|---|---|
            {string.Join('\n', _parts)}
            """);
    }

    /// <summary>Bytes of keys and values that a sequence reads in the middle one of the measured steps.</summary>
    private static long KeyValueBytes(LoadedModel model)
    {
        var shape = model.Config.Shape;
        return KvCache.BytesPerBlock(shape.AttentionShape, shape.Blocks, model.Numerics) / KvCache.BlockLength * (BenchmarkEngine.PromptLength + Skipped + Pairs / 2);
    }

    /// <summary>Operations per second of what multiplies the model's projections.</summary>
    private static double Peak(LoadedModel model, MachineLimits limits) => model switch
    {
        { Numerics: Numerics.Fast, WeightType: DType.Bf16 } => limits.FastBf16,
        { Numerics: Numerics.Fast, WeightType: DType.Int8 or DType.Int4 } when limits.Vnni > 0 => limits.Vnni,
        _ => limits.Fma,
    };

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
