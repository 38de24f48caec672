using System.Diagnostics;
using Steering.Compute;
using Steering.Compute.Cpu;
using Steering.Engine.Interventions;
using Steering.Engine.Running;
using SteeringServer.Benchmarks.Kernels;

namespace SteeringServer.Benchmarks.Engine;

/// <summary>
/// Decode and prefill of the engine alone (no HTTP) against this machine's limits, measured between the steps they are compared with: one sequence against reading the weights, many against the processor's operations.
/// </summary>
internal sealed class EngineBenchmark(int threads, MachineLimits limits, TextWriter output)
{
    private const int Context = 128, Prompt = 512, Pairs = 41, WarmUp = 60;
    private static readonly int[] s_batches = [1, 16, 32];

    public void Run(string name, string folder, long products, long headProducts, Numerics numerics, WeightStorage storage)
    {
        using var pool = new ComputePool(threads);
        var timed = new TimedKernels(CpuBackend.Create(pool, null, numerics, storage));
        using var model = LoadedModel.LoadWeights(folder, new LoadOptions(), timed);
        using var block = new DeviceBuffer(model.WeightBytes / 4096 * 4096);
        MemoryLimit.Fill(block);
        string types = string.Join(", ", model.Products.Select(product => $"{product.Key} by {product.Value}"));
        output.WriteLine(FormattableString.Invariant($"| {name} | {numerics.Name()} | {types} | {model.WeightBytes / 1e6:f0} MB |"));
        double alone = 0;
        foreach (int batch in s_batches)
        {
            using var engine = new BenchmarkEngine(model, Context, Enumerable.Repeat(InterventionPlan.Empty, batch).ToArray());
            for (int i = 0; i < WarmUp; i++) engine.Step(); // until the runtime has recompiled what is hot
            List<double> steps = [], reads = [];
            timed.Reset();
            var total = TimeSpan.Zero;
            for (int i = 0; i < Pairs; i++)
            {
                var step = engine.Step();
                total += step;
                steps.Add(step.TotalSeconds);
                reads.Add(MemoryLimit.Once(pool, block));
            }
            double median = Median(steps), read = Median(reads);
            if (batch == 1) alone = median;
            double compute = batch * 2.0 * products / Peak(numerics, model) ;
            output.WriteLine(FormattableString.Invariant($"  batch {batch}: {batch / median:f1} tok/s, {batch * alone / median:f2} x one, read limit {read / median:f2} ({block.Bytes / read / 1e9:f1} GB/s), compute limit {compute / median:f2}; {timed.Report(total)}"));
        }
        List<double> prefills = [];
        foreach (double seconds in BenchmarkEngine.Prefill(model, Prompt).Take(6))
        {
            prefills.Add(seconds);
            if (prefills.Count == 1) timed.Reset(); // the first warms up
        }
        var all = TimeSpan.FromSeconds(prefills.Skip(1).Sum());
        prefills.RemoveAt(0);
        double prefill = Median(prefills);
        output.WriteLine(FormattableString.Invariant($"  prefill {Prompt}: {Prompt / prefill:f0} tok/s, compute limit {Prompt * 2.0 * (products - headProducts) / Peak(numerics, model) / prefill:f2}; {timed.Report(all)}"));
        output.Flush();
    }

    /// <summary>Operations per second of what multiplies the model's projections.</summary>
    private double Peak(Numerics numerics, LoadedModel model) => numerics == Numerics.Fast && model.WeightType == DType.Bf16 ? Math.Max(limits.Bf16, limits.Fma) : model.WeightType.IsQuantised() && numerics == Numerics.Fast ? limits.Vnni : limits.Fma;

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
