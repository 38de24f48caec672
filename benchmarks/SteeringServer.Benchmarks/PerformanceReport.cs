using System.Globalization;
using System.Runtime.InteropServices;
using Steering.Compute;
using SteeringServer.Benchmarks.Engine;
using SteeringServer.Benchmarks.Kernels;

namespace SteeringServer.Benchmarks;

/// <summary>Measures limits, kernels, engine, steering, gradients and start, and writes them as docs/performance.md.</summary>
internal sealed class PerformanceReport(string root)
{
    private static readonly int s_threads = Environment.ProcessorCount;

    /// <summary>What an extraction does to those who wait, on the shipped model and on a larger one.</summary>
    public static void Background(string root, TextWriter output)
    {
        BackgroundBenchmark.Run("Storyworld 6M", Path.Combine(root, "models", "storyworld", "model"), s_threads, output);
        using var model = new RandomModel(RandomModel.Shapes["110m"]);
        BackgroundBenchmark.Run("110m", model.Folder, s_threads, output);
    }

    /// <summary>Decode and prefill alone, as tables.</summary>
    public static void Engine(string root, IReadOnlyList<string> sizes, TextWriter output)
    {
        var engine = new EngineBenchmark(s_threads);
        foreach (var model in Models(root, sizes)) RunEngine(engine, model);
        engine.Write(output);
    }

    private static void RunEngine(EngineBenchmark engine, BenchmarkModel model)
    {
        foreach (var storage in model.IsRandom ? (WeightStorage[])[WeightStorage.Stored, WeightStorage.Q8] : [WeightStorage.Stored])
            foreach (var numerics in (Numerics[])[Numerics.Exact, Numerics.Fast]) engine.Run(model.Name, model.Path, (model.Shape.Products, model.Shape.HeadProducts), numerics, storage);
    }

    /// <summary>The models of these sizes, or all: random ones, which exist while they are the current one, and SmolLM2 where its file is.</summary>
    private static IEnumerable<BenchmarkModel> Models(string root, IReadOnlyList<string> sizes)
    {
        bool IsAsked(string size) => sizes.Count == 0 || sizes.Contains(size);
        foreach (var (size, shape) in RandomModel.Shapes)
        {
            if (!IsAsked(size)) continue;
            using var model = new RandomModel(shape);
            yield return new BenchmarkModel(size, model.Folder, shape, IsRandom: true);
        }
        string smol = Path.Combine(root, "..", "shared", "data", "smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf");
        if (IsAsked("smollm2") && File.Exists(smol))
            yield return new BenchmarkModel("SmolLM2 135M Q4_1", smol, new RandomModel.Shape(576, 30, 9, 3, 1536, true) { Vocabulary = 49152 }, IsRandom: false);
    }

    private sealed record BenchmarkModel(string Name, string Path, RandomModel.Shape Shape, bool IsRandom);

    /// <param name="sizes">Models to measure; empty: all.</param>
    /// <param name="llamaBench">llama.cpp's benchmark program, or null.</param>
    public async Task WriteAsync(IReadOnlyList<string> sizes, string? llamaBench)
    {
        var page = new StringWriter(CultureInfo.InvariantCulture);
        var limits = MachineLimits.Measure(s_threads);
        page.WriteLine($"""
            # Performance

            Written by `dotnet run -c Release --project benchmarks/SteeringServer.Benchmarks -- performance`. Machines, and this one from minute to minute, differ: what counts is the ratio to a limit that was measured in
            the same run, between the very steps it is compared with.

            ## Limits

            {s_threads} threads, {RuntimeInformation.FrameworkDescription}.

            | limit | |
            |---|---|
            """);
        foreach (var (name, value) in new[] { ("f32 FMA, 512 bits", limits.Fma), ("AVX512-BF16", limits.Bf16), ("AVX512-VNNI, 8 bits", limits.Vnni), ("AMX, bf16", limits.Amx) })
            page.WriteLine(FormattableString.Invariant($"| {name} | {(value > 0 ? FormattableString.Invariant($"{value / 1e9:f0} G operations/s") : "not on this processor")} |"));
        foreach (long megabytes in (long[])[16, 128, 1024]) page.WriteLine(FormattableString.Invariant($"| plain read of {megabytes} MB | {limits.Read(megabytes << 20) / 1e9:f0} GB/s |"));
        page.WriteLine(FormattableString.Invariant($"| a job handed to the other threads and back | {limits.Handover() * 1e9:f0} ns |"));
        page.WriteLine();
        page.WriteLine("Handed over in 100 ns, the cores share a last-level cache; in 500, they do not, memory gives them nearly twice as much, and what one has written costs the other more. A virtual machine's cores move between both while it runs.");
        page.WriteLine();
        page.WriteLine("## Matrix products");
        page.WriteLine();
        new KernelBenchmark(s_threads).Run(page);

        page.WriteLine();
        page.WriteLine("## Engine");
        page.WriteLine();
        page.WriteLine("Models of random weights with the shapes of stories15M, stories110M and TinyLlama, and SmolLM2-135M-Instruct as Q4_1.");
        var engine = new EngineBenchmark(s_threads);
        var steering = new StringWriter(CultureInfo.InvariantCulture);
        var gradients = new StringWriter(CultureInfo.InvariantCulture);
        GradientBenchmark.WriteHead(gradients);
        var peers = new List<string>();
        foreach (var model in Models(root, sizes))
        {
            RunEngine(engine, model);
            if (model.Name == "110m") new SteeringBenchmark(s_threads).Run(model.Name, model.Path, steering);
            if (model.Name != "1.1b") GradientBenchmark.Run(model.Name, model.Path, s_threads, gradients);
            if (!model.IsRandom) peers.Add(LlamaBench.Run(llamaBench, model.Path, s_threads));
        }
        engine.Write(page);
        page.WriteLine();
        page.WriteLine("## Steering");
        page.WriteLine();
        page.Write(steering);
        page.WriteLine();
        page.WriteLine("## Gradients");
        page.WriteLine();
        page.Write(gradients);
        page.WriteLine();
        page.WriteLine("## Extraction in the background");
        page.WriteLine();
        BackgroundBenchmark.WriteHead(page);
        Background(root, page);
        page.WriteLine();
        page.WriteLine("## llama.cpp on the same file and cores");
        page.WriteLine();
        page.WriteLine(peers.Count > 0 ? peers[0] : "not measured");
        page.WriteLine();
        page.WriteLine("## Start");
        page.WriteLine();
        page.Write(await StartBenchmark.RunAsync(root));
        await File.WriteAllTextAsync(Path.Combine(root, "docs", "performance.md"), page.ToString());
    }
}
