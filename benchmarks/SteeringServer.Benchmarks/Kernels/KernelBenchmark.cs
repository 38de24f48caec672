using System.Diagnostics;
using Steering.Compute;
using Steering.Compute.Cpu;

namespace SteeringServer.Benchmarks.Kernels;

/// <summary>The matrix product alone against the machine's limits: one row against reading the weights, many rows against the processor's operations.</summary>
internal sealed unsafe class KernelBenchmark(int threads, IReadOnlyList<string> kernels)
{
    private static readonly (int Outputs, int Inputs)[] s_shapes = [(2048, 2048), (11264, 2048), (2048, 5632)];
    private static readonly int[] s_rows = [1, 2, 4, 8, 16, 128];

    public void Run(TextWriter output)
    {
        var limits = MachineLimits.Measure(threads);
        output.WriteLine(FormattableString.Invariant($"{threads} threads. Limits, same run: FMA {limits.Fma / 1e9:f0} GFLOP/s, AVX512-BF16 {limits.Bf16 / 1e9:f0}, AVX512-VNNI {limits.Vnni / 1e9:f0} Gop/s, AMX {limits.Amx / 1e9:f0} GFLOP/s; reading 256 MB {limits.Read(256 << 20) / 1e9:f1} GB/s"));
        output.WriteLine();
        output.WriteLine("| kernels | weights | matrix | " + string.Join(" | ", s_rows.Select(rows => $"{rows}")) + " |");
        output.WriteLine("|---|---|---|" + string.Concat(s_rows.Select(_ => "---|")));
        foreach (string name in kernels)
            foreach (var (type, format) in ((DType, string?)[])[(DType.Bf16, null), (DType.Int8, "Q8_0"), (DType.Int8, "Q4_1")])
                foreach (var numerics in (Numerics[])[Numerics.Exact, Numerics.Fast])
                    foreach (var (outputs, inputs) in s_shapes.Skip(1).Take(1)) Shape(output, name, type, format, numerics, outputs, inputs);
    }

    private void Shape(TextWriter output, string name, DType type, string? format, Numerics numerics, int outputs, int inputs)
    {
        using var pool = new ComputePool(threads);
        using var backend = CpuBackend.Create(pool, name, numerics);
        using var weights = Matrices.Random(backend, type, format, outputs, inputs);
        // As many copies as it takes to leave the caches, as the blocks of a model do.
        int copies = (int)Math.Max(1, (512L << 20) / weights.Bytes);
        var all = Enumerable.Range(0, copies).Select(_ => Matrices.Random(backend, type, format, outputs, inputs)).ToArray();
        var cells = new List<string>();
        foreach (int rows in s_rows)
        {
            using var arena = new Arena();
            TensorView x = arena.Matrix(rows, inputs), y = arena.Matrix(rows, outputs);
            for (int i = 0; i < rows; i++)
                for (int k = 0; k < inputs; k++) x.Row(i)[k] = MathF.Sin(i * 31 + k);
            int next = 0;
            List<double> times = [], reads = [];
            for (var total = Stopwatch.StartNew(); total.ElapsedMilliseconds < 300 || times.Count < 5;)
            {
                long start = Stopwatch.GetTimestamp();
                pool.Run(new Engine.MemoryLimit.ReadJob((nint)((PanelMatrix)all[next++ % copies]).Panel(0)), (int)(weights.Bytes / 4096));
                reads.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
                start = Stopwatch.GetTimestamp();
                backend.Linear(y, x, all[next++ % copies], default);
                times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            double median = Median(times);
            cells.Add(FormattableString.Invariant($"{Median(reads) / median:f2} {2.0 * rows * outputs * inputs / median / 1e9:f0}"));
        }
        foreach (var matrix in all) matrix.Dispose();
        output.WriteLine($"| {name} {numerics} | {format ?? type.Name()} | {outputs} x {inputs} | {string.Join(" | ", cells)} |");
        output.Flush();
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
