using System.Runtime.CompilerServices;
using Steering.Compute;
using Steering.Compute.Cpu;
using SteeringServer.Benchmarks.Effect;
using SteeringServer.Benchmarks.Engine;
using SteeringServer.Benchmarks.Kernels;
using SteeringServer.Benchmarks.Soak;
using SteeringServer.Benchmarks.Tokenization;

switch (args)
{
    case ["engine", .. var sizes]:
        var limits = MachineLimits.Measure(Environment.ProcessorCount);
        Console.WriteLine($"FMA {limits.Fma / 1e9:f0} bf16 {limits.Bf16 / 1e9:f0} vnni {limits.Vnni / 1e9:f0}");
        foreach (var (size, shape) in RandomModel.Shapes)
        {
            if (sizes.Length > 0 && !sizes.Contains(size)) continue;
            using var random = new RandomModel(shape);
            var benchmark = new EngineBenchmark(Environment.ProcessorCount, limits, Console.Out);
            foreach (var storage in (WeightStorage[])[WeightStorage.Stored, WeightStorage.Q8])
                foreach (var numerics in (Numerics[])[Numerics.Exact, Numerics.Fast]) benchmark.Run(size, random.Folder, shape.Products, (long)RandomModel.Shape.Vocabulary * shape.Width, numerics, storage);
        }
        return 0;
    case ["effect", .. var rest] when rest.Length <= 1:
        using (var server = new HttpClient { BaseAddress = new Uri(rest is [var url] ? url : "http://127.0.0.1:8080"), Timeout = TimeSpan.FromMinutes(5) })
            return await new ShippedVectorsBenchmark(server, Root()).RunAsync() ? 0 : 1;
    case ["tokenizers", .. var rest] when rest.Length <= 1:
        var encoding = new StringWriter();
        new EncodeBenchmark(Path.Combine(Root(), "..", "shared"), rest is [var name] ? name : null).Run(encoding);
        Console.Write(encoding);
        if (rest.Length == 0) File.WriteAllText(Path.Combine(Root(), "docs", "tokenizers.md"), $"""
            # Tokenizers

            Written by `dotnet run -c Release --project benchmarks/SteeringServer.Benchmarks -- tokenizers`: MB of UTF-8 a second, on one thread, for each reference tokenizer.

            {encoding}
            """);
        return 0;
    case ["kernels", .. var names]:
        new KernelBenchmark(Environment.ProcessorCount, names.Length > 0 ? names : [CpuBackend.Names[0]]).Run(Console.Out);
        return 0;
    case ["soak"]:
        string soak = await SoakBenchmark.RunAsync(Path.Combine(Root(), "models", "storyworld"));
        File.WriteAllText(Path.Combine(Root(), "docs", "soak.md"), $"""
            # Soak

            Written by `dotnet run -c Release --project benchmarks/SteeringServer.Benchmarks -- soak`: thirteen kinds of requests over HTTP and gRPC in random order, 48 at once, a good third of
            them left in the middle (streams abandoned, calls cancelled, uploads broken off, deadlines of milliseconds, connections cut in the middle of a request), and what server and clients
            together, in one process, hold when all is quiet again.

            {soak}
            """);
        return 0;
    default:
        Console.Error.WriteLine("""
            Usage: dotnet run -c Release --project benchmarks/SteeringServer.Benchmarks -- COMMAND

              engine FOLDER    decode and prefill of the model in FOLDER (models/storyworld/model), beside the machine's read limit;
                               writes docs/performance.md
              soak             53,000 mixed requests with random disconnects warm up and load a server; prints what it holds after each round; writes docs/soak.md
              tokenizers [NAME]
                               MB/s of encoding with every tokenizer of ../shared/golden/tokenizers, or one of them; prints a table;
                               all of them write docs/tokenizers.md
              effect [URL]     what every shipped vector does, through a running server (http://127.0.0.1:8080), beside the reference; writes docs/steering-effect.md
            """);
        return 2;
}

static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
