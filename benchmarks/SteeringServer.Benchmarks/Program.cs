using System.Runtime.CompilerServices;
using SteeringServer.Benchmarks;
using SteeringServer.Benchmarks.Effect;
using SteeringServer.Benchmarks.Engine;
using SteeringServer.Benchmarks.Soak;
using SteeringServer.Benchmarks.Tokenization;

switch (args)
{
    case ["performance", .. var rest]:
        int llama = Array.IndexOf(rest, "--llama-bench");
        if (llama >= 0 && llama == rest.Length - 1) goto default;
        await new PerformanceReport(Root()).WriteAsync([.. rest.Where((_, i) => llama < 0 || (i != llama && i != llama + 1))], llama < 0 ? null : rest[llama + 1]);
        return 0;
    case ["engine", .. var sizes]:
        PerformanceReport.Engine(Root(), sizes, Console.Out);
        return 0;
    case ["gradients", var path]:
        GradientBenchmark.WriteHead(Console.Out);
        GradientBenchmark.Run(Path.GetFileName(path), path, Environment.ProcessorCount, TextWriter.Null);
        return 0;
    case ["background"]:
        BackgroundBenchmark.WriteHead(Console.Out);
        PerformanceReport.Background(Root(), TextWriter.Null);
        return 0;
    case ["start"]:
        Console.Write(await StartBenchmark.RunAsync(Root()));
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

              performance [15m] [110m] [1.1b] [smollm2] [--llama-bench PATH]
                               this machine's limits, matrix products, decode and prefill of these models (all; random weights but for smollm2), what steering costs, the
                               time to the first token; with PATH llama.cpp's llama-bench beside it. About 20 minutes and 6 GB; writes docs/performance.md
              engine [15m] [110m] [1.1b] [smollm2]
                               decode and prefill of these models (all), alone; prints tables
              gradients PATH   what a gradient of this model costs, alone; prints a table
              background       what an extraction does to those who wait, alone; prints a table
              start            the time to the first token alone; prints a table
              soak             53,000 mixed requests with random disconnects warm up and load a server; prints what it holds after each round; writes docs/soak.md
              tokenizers [NAME]
                               MB/s of encoding with every tokenizer of ../shared/golden/tokenizers, or one of them; prints a table;
                               all of them write docs/tokenizers.md
              effect [URL]     what every shipped vector does, through a running server (http://127.0.0.1:8080), beside the reference; writes docs/steering-effect.md
            """);
        return 2;
}

static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
