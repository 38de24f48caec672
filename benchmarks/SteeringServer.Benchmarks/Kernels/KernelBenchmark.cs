using System.Diagnostics;
using Steering.Compute;
using Steering.Compute.Cpu;

namespace SteeringServer.Benchmarks.Kernels;

/// <summary>The matrix product alone against the machine's limits: one row against reading the weights, many rows against the processor's operations.</summary>
internal sealed class KernelBenchmark(int threads, IReadOnlyList<string> kernels)
{
    private static readonly (int Outputs, int Inputs)[] s_shapes = [(11264, 2048)];
    private static readonly int[] s_rows = [1, 2, 4, 8, 16, 32, 128];

    public void Run(TextWriter output)
    {
        var limits = MachineLimits.Measure(threads);
        output.WriteLine(FormattableString.Invariant($"{threads} threads. Limits, same run: FMA {limits.Fma / 1e9:f0} GFLOP/s, AVX512-BF16 {limits.Bf16 / 1e9:f0}, AVX512-VNNI {limits.Vnni / 1e9:f0} Gop/s, AMX {limits.Amx / 1e9:f0} GFLOP/s; reading 256 MB {limits.Read(256 << 20) / 1e9:f1} GB/s"));
        output.WriteLine();
        output.WriteLine("| kernels | weights | matrix | " + string.Join(" | ", s_rows.Select(rows => $"{rows}")) + " |");
        output.WriteLine("|---|---|---|" + string.Concat(s_rows.Select(_ => "---|")));
        foreach (string name in kernels)
            foreach (var type in (DType[])[DType.Bf16])
                foreach (var (outputs, inputs) in s_shapes) Shape(output, name, type, outputs, inputs);
    }

    private void Shape(TextWriter output, string name, DType type, int outputs, int inputs)
    {
        using var backend = CpuBackend.Create(threads, name);
        using var weights = Matrices.Random(backend, type, outputs, inputs);
        // As many copies as it takes to leave the caches, as the blocks of a model do.
        int copies = (int)Math.Max(1, (512L << 20) / weights.Bytes);
        var all = Enumerable.Range(0, copies).Select(_ => Matrices.Random(backend, type, outputs, inputs)).ToArray();
        var cells = new List<string>();
        foreach (int rows in s_rows)
        {
            using var arena = new Arena();
            TensorView x = arena.Matrix(rows, inputs), y = arena.Matrix(rows, outputs);
            for (int i = 0; i < rows; i++)
                for (int k = 0; k < inputs; k++) x.Row(i)[k] = MathF.Sin(i * 31 + k);
            int next = 0;
            var times = new List<double>();
            for (var total = Stopwatch.StartNew(); total.ElapsedMilliseconds < 150 || times.Count < 5;)
            {
                long start = Stopwatch.GetTimestamp();
                backend.Linear(y, x, all[next++ % copies], default);
                times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            times.Sort();
            double median = times[times.Count / 2];
            cells.Add(FormattableString.Invariant($"{weights.Bytes / median / 1e9:f0} GB/s {2.0 * rows * outputs * inputs / median / 1e9:f0}"));
        }
        foreach (var matrix in all) matrix.Dispose();
        output.WriteLine($"| {name} | {type.Name()} | {outputs} x {inputs} | {string.Join(" | ", cells)} |");
        output.Flush();
    }
}
