using System.Diagnostics;
using Steering.Compute;
using Steering.Compute.Cpu;

namespace SteeringServer.Benchmarks.Kernels;

/// <summary>The matrix product alone: one row against reading the weights, many rows against the processor's operations.</summary>
internal sealed unsafe class KernelBenchmark(int threads)
{
    private const int Outputs = 11264, Inputs = 2048;
    private const long Uncached = 512L << 20;
    private static readonly int[] s_rows = [1, 4, 16, 128, 512];

    public void Run(TextWriter output)
    {
        output.WriteLine($"""
            [{Outputs}, {Inputs}], as many copies as it takes to leave the caches. For one row the share of a plain read of the same bytes, for more the share of the compute limit: of FMA in exact, of AVX512-BF16 or AVX512-VNNI
            in fast; quantised weights are multiplied by three digits of 8 bits in exact, by one in fast. Such a product takes an instruction for every four inputs, and for every group two more on the same units, three where it
            has an offset: in fast 0.80 of the limit is all there is for groups of 32 (Q8_0, Q4_0), 0.73 with offsets (Q4_1, Q4_K), and 0.67 for groups of 16 (Q6_K).

            | weights | numerics | {string.Join(" | ", s_rows.Select(rows => rows == 1 ? "1 row" : $"{rows}"))} |
            |---|---|{string.Concat(s_rows.Select(_ => "---|"))}
            """);
        foreach (var (type, format) in ((DType, string?)[])[(DType.F32, null), (DType.Bf16, null), (DType.F16, null), (DType.Int8, "Q8_0"), (DType.Int8, "Q4_0"), (DType.Int8, "Q4_1"), (DType.Int8, "Q4_K"), (DType.Int8, "Q6_K")])
            foreach (var numerics in (Numerics[])[Numerics.Exact, Numerics.Fast]) Measure(output, type, format, numerics);
    }

    private void Measure(TextWriter output, DType type, string? format, Numerics numerics)
    {
        using var pool = new ComputePool(threads);
        using var backend = CpuBackend.Create(pool, null, numerics);
        using var first = Matrices.Random(backend, type, format, Outputs, Inputs);
        WeightMatrix[] all = [first, .. Enumerable.Range(0, (int)(Uncached / first.Bytes)).Select(_ => Matrices.Random(backend, type, format, Outputs, Inputs))];
        double before = Peak(type, format, numerics); // anew: the processor's clock is not the same from minute to minute
        double ofRead = 0;
        var speeds = new List<double>();
        foreach (int rows in s_rows)
        {
            using var arena = new Arena();
            TensorView x = arena.Matrix(rows, Inputs), y = arena.Matrix(rows, Outputs);
            for (int i = 0; i < rows; i++)
                for (int k = 0; k < Inputs; k++) x.Row(i)[k] = MathF.Sin(i * 31 + k);
            int next = 0;
            List<double> times = [], ratios = [];
            for (var total = Stopwatch.StartNew(); total.ElapsedMilliseconds < 300 || times.Count < 5;)
            {
                long start = Stopwatch.GetTimestamp();
                pool.Run(new Engine.MemoryLimit.ReadJob((nint)((PanelMatrix)all[next++ % all.Length]).Panel(0)), (int)(first.Bytes / 4096));
                double read = Stopwatch.GetElapsedTime(start).TotalSeconds;
                start = Stopwatch.GetTimestamp();
                backend.Linear(y, x, all[next++ % all.Length], default);
                times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
                ratios.Add(read / times[^1]);
            }
            if (rows == 1) ofRead = Statistics.Median(ratios);
            else speeds.Add(2.0 * rows * Outputs * Inputs / Statistics.Median(times));
        }
        double peak = Math.Max(before, Peak(type, format, numerics)); // a limit that was disturbed is none
        foreach (var matrix in all[1..]) matrix.Dispose();
        string row = FormattableString.Invariant($"| {format ?? type.Name()} | {numerics.Name()} | {ofRead:f2} | {string.Join(" | ", speeds.Select(speed => FormattableString.Invariant($"{speed / peak:f2}")))} |");
        output.WriteLine(row);
        Console.WriteLine(row);
    }

    private double Peak(DType type, string? format, Numerics numerics)
    {
        var limits = MachineLimits.Measure(threads);
        return numerics == Numerics.Exact ? limits.Fma : type == DType.Bf16 ? limits.FastBf16 : format is not null && limits.Vnni > 0 ? limits.Vnni : limits.Fma;
    }
}
