using SteeringServer.Benchmarks.Engine;

switch (args)
{
    case ["engine", var folder]:
        new DecodeBenchmark(folder, Environment.ProcessorCount).Run(Console.Out);
        return 0;
    default:
        Console.Error.WriteLine("""
            Usage: dotnet run -c Release --project benchmarks/SteeringServer.Benchmarks -- COMMAND

              engine FOLDER    decode and prefill of the model in FOLDER (models/storyworld/model), beside the machine's read limit
            """);
        return 2;
}
