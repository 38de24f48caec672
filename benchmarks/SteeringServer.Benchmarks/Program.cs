using System.Runtime.CompilerServices;
using SteeringServer.Benchmarks.Effect;
using SteeringServer.Benchmarks.Engine;

switch (args)
{
    case ["engine", var folder]:
        var table = new StringWriter();
        new DecodeBenchmark(folder, Environment.ProcessorCount).Run(table);
        Console.Write(table);
        File.WriteAllText(Path.Combine(Root(), "docs", "performance.md"), $"""
            # Performance

            Written by `dotnet run -c Release --project benchmarks/SteeringServer.Benchmarks -- engine {folder}`: the engine alone, no HTTP. Medians; plain and steered runs alternate.
            Machines differ from day to day, so the ratios are what counts.

            {table}
            """);
        return 0;
    case ["effect", .. var rest] when rest.Length <= 1:
        using (var server = new HttpClient { BaseAddress = new Uri(rest is [var url] ? url : "http://127.0.0.1:8080"), Timeout = TimeSpan.FromMinutes(5) })
            return await new ShippedVectorsBenchmark(server, Root()).RunAsync() ? 0 : 1;
    default:
        Console.Error.WriteLine("""
            Usage: dotnet run -c Release --project benchmarks/SteeringServer.Benchmarks -- COMMAND

              engine FOLDER    decode and prefill of the model in FOLDER (models/storyworld/model), beside the machine's read limit;
                               writes docs/performance.md
              effect [URL]     what every shipped vector does, through a running server (http://127.0.0.1:8080), beside the reference; writes docs/steering-effect.md
            """);
        return 2;
}

static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
