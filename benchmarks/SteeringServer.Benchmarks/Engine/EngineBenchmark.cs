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
    private const int Context = 160, Prompt = 512, Steps = 41, Skipped = 60, Prefills = 7;
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1);
    private static readonly int[] s_batches = [1, 8, 16, 32];
    private readonly List<string> _speeds = [], _parts = [], _bounds = [];

    /// <summary>Measures a model kept in one way and adds its rows to the tables.</summary>
    /// <param name="products">Multiply-adds of a token's matrix products; of them the head's.</param>
    public void Run(string name, string path, (long All, long Head) products, Numerics numerics, WeightStorage storage)
    {
        using var pool = new ComputePool(threads);
        var timed = new TimedKernels(CpuBackend.Create(pool, null, numerics, storage));
        using var model = LoadedModel.LoadWeights(path, new LoadOptions(), timed);
        using var block = new DeviceBuffer(model.WeightBytes / 4096 * 4096);
        MemoryLimit.Fill(block);
        long keyValueBytes = KeyValueBytes(model);
        string cells = $"| {name} | {model.KeptTypes} | {numerics.Name()} |", parts = cells;
        foreach (int batch in s_batches)
        {
            WarmUp(model, batch);
            using BenchmarkEngine engine = Start(model, batch), one = Start(model, 1);
            for (int i = 0; i < Skipped; i++) // to a length that is neither short nor long
            {
                engine.Step();
                one.Step();
            }
            double before = PeakNow(model);
            timed.Reset();
            var pairs = batch == 1 ? One(engine, timed, pool, block) : Several(engine, one, batch, timed, pool, block, keyValueBytes);
            string report = timed.Report(TimeSpan.FromSeconds(pairs.CountedSeconds));
            double step = Statistics.Median(pairs.Steps), ofRead = Statistics.Median(pairs.OfRead), bandwidth = Statistics.Median(pairs.Bandwidths);
            double compute = batch * 2.0 * products.All / Math.Max(before, PeakNow(model));
            cells += batch == 1 ? Invariant($" {1 / step:f0} | {ofRead:f2} at {bandwidth / 1e9:f0} GB/s |") : Invariant($" {batch / step:f0} ({Statistics.Median(pairs.Times):f1} x, {compute / step:f2}, {ofRead:f2}) |");
            if (batch is 1 or 16) parts += $" {report} |";
            if (batch == 16) _bounds.Add($"| {name} | {model.KeptTypes} | {numerics.Name()} |{Bound(step, Statistics.Median(pairs.Times), compute, block.Bytes / bandwidth, batch * keyValueBytes / bandwidth)}");
        }
        double beforePrefills = PeakNow(model), prefill = Prefill(model, timed, out string prefillReport);
        _speeds.Add(cells + Invariant($" {Prompt / prefill:f0} | {Prompt * 2.0 * (products.All - products.Head) / Math.Max(beforePrefills, PeakNow(model)) / prefill:f2} |"));
        _parts.Add(parts + $" {prefillReport} |");
        Console.WriteLine(_speeds[^1]);
        Console.WriteLine(_parts[^1]);
        Console.WriteLine(_bounds[^1]);
    }

    /// <summary>Steps and what they are compared with, measured in between.</summary>
    /// <param name="OfRead">Share of a read of the weights, and of all keys and values of several sequences.</param>
    /// <param name="Times">Tokens of a step of several sequences while one sequence makes one.</param>
    /// <param name="CountedSeconds">Of the steps between them, in which it is counted where the time goes.</param>
    private sealed record Pairs(List<double> Steps, List<double> OfRead, List<double> Bandwidths, List<double> Times, double CountedSeconds);

    private static Pairs One(BenchmarkEngine engine, TimedKernels timed, ComputePool pool, DeviceBuffer block)
    {
        List<double> steps = [], ofRead = [], bandwidths = [];
        double counted = 0;
        for (int i = 0; i < 2 * Steps; i++)
        {
            double read = MemoryLimit.Once(pool, block); // before every step: what one step leaves in the caches must not help the next
            timed.IsPaused = i % 2 == 0; // counting costs a small model's step 2 to 4%: it has steps of its own
            double step = engine.Step().TotalSeconds;
            if (timed.IsPaused)
            {
                bandwidths.Add(block.Bytes / read);
                steps.Add(step);
                ofRead.Add(read / step);
            }
            else
            {
                counted += step;
            }
        }
        timed.IsPaused = false;
        return new Pairs(steps, ofRead, bandwidths, [], counted);
    }

    private static Pairs Several(BenchmarkEngine engine, BenchmarkEngine one, int batch, TimedKernels timed, ComputePool pool, DeviceBuffer block, long keyValueBytes)
    {
        List<double> steps = [], ofRead = [], bandwidths = [], times = [];
        double counted = 0;
        for (int i = 0; i < Steps / 2; i++)
        {
            bandwidths.Add(block.Bytes / MemoryLimit.Once(pool, block));
            timed.IsPaused = true;
            double alone = one.Step().TotalSeconds;
            timed.IsPaused = false;
            counted += engine.Step().TotalSeconds; // what ran before took what the caches hold of activations, keys and values
            timed.IsPaused = true;
            steps.Add(engine.Step().TotalSeconds);
            timed.IsPaused = false;
            times.Add(batch * alone / steps[^1]);
            ofRead.Add((block.Bytes + batch * keyValueBytes) / bandwidths[^1] / steps[^1]);
        }
        return new Pairs(steps, ofRead, bandwidths, times, counted);
    }

    /// <summary>Median seconds of a prompt.</summary>
    private static double Prefill(LoadedModel model, TimedKernels timed, out string report)
    {
        List<double> prefills = [];
        foreach (double seconds in BenchmarkEngine.Prefill(model, Prompt).Take(Prefills + 1))
        {
            prefills.Add(seconds);
            if (prefills.Count == 1) timed.Reset(); // the first warms up
        }
        prefills.RemoveAt(0);
        report = timed.Report(TimeSpan.FromSeconds(prefills.Sum()));
        return Statistics.Median(prefills);
    }

    /// <summary>What a step of several sequences takes at least where attention, which waits for memory, begins when products have ended.</summary>
    private static string Bound(double step, double times, double compute, double weights, double keyValues)
    {
        double bound = Math.Max(compute, weights) + keyValues;
        return Invariant($" {1e3 * compute:f2} | {1e3 * weights:f2} | {1e3 * keyValues:f2} | {1e3 * step:f2} | {bound / step:f2} | {times:f1} of {times * step / bound:f1} |");
    }

    private static BenchmarkEngine Start(LoadedModel model, int sequences) => new(model, Context, Enumerable.Repeat(InterventionPlan.Empty, sequences).ToArray());

    /// <summary>Until the runtime has recompiled what is hot, which it does in pauses of its own.</summary>
    private static void WarmUp(LoadedModel model, int sequences)
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < s_warmUp;)
        {
            using var warm = Start(model, sequences);
            for (int i = 0; i < Skipped; i++) warm.Step();
        }
    }

    /// <summary>To be asked for before and after every row of steps: the processor's clock is not the same from minute to minute, and a limit that was disturbed is none.</summary>
    private double PeakNow(LoadedModel model) => Peak(model, MachineLimits.Measure(threads));

    public void Write(TextWriter output)
    {
        output.WriteLine($"""
            Tokens a second. For one sequence the share of a plain read of as many bytes, measured between its steps; for 8, 16 and 32 how many times one sequence, whose steps are taken in between, the share of the compute limit (the operations per
            second of the instructions that multiply the weights: f32 FMA in exact, AMX or AVX512-BF16 for bf16 weights and AVX512-VNNI for 8-bit weights in fast), and the share of the memory limit (a plain read of the weights once and
            of all keys and values). Prompts of {Prompt} tokens, in one step. Medians of {Steps} steps of one
            sequence, {Steps / 2} of several, {Prefills} prompts.

            | model | weights | numerics | 1 | of a read | 8 | 16 | 32 | prefill | of compute |
            |---|---|---|---|---|---|---|---|---|---|
            {string.Join('\n', _speeds)}

            Where the time of a step goes ("rest" is sampling and the engine's own work):

            | model | weights | numerics | one sequence | 16 | prefill |
            |---|---|---|---|---|---|
            {string.Join('\n', _parts)}

            What allows 16 sequences how much, in ms a step: products wait for the processor or for the weights, whichever takes longer, and attention for keys and values after that. (Reading these during products was tried
            and only takes time from them: docs/decisions.md 87.) The share of that sum which a step reaches, and how many times one sequence it is of how many times it could be.

            | model | weights | numerics | operations | weights read | keys and values read | a step | of the sum | times one |
            |---|---|---|---|---|---|---|---|---|
            {string.Join('\n', _bounds)}
            """);
    }

    /// <summary>Bytes of keys and values that a sequence reads in the middle one of the measured steps.</summary>
    private static long KeyValueBytes(LoadedModel model)
    {
        var shape = model.Config.Shape;
        return KvCache.BytesPerBlock(shape.AttentionShape, shape.Blocks, model.Numerics) / KvCache.BlockLength * (BenchmarkEngine.PromptLength + Skipped + Steps / 2);
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
