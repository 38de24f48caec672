using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using SteeringServer.Hosting;

namespace SteeringServer.Benchmarks.Soak;

/// <summary>Ten thousand mixed requests with random disconnects, and what the server holds before and after (users-pain 49: "leak test, flat").</summary>
internal static class SoakBenchmark
{
    private const int WarmUp = 3000, Requests = 10_000, Rounds = 5, Concurrency = 48;

    /// <summary>Runs it and returns the table; server and clients share this process.</summary>
    public static async Task<string> RunAsync(string model)
    {
        string data = Directory.CreateTempSubdirectory("steering-soak-").FullName;
        try
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Configuration["Steering:LogLevel"] = "Error";
            var local = new ListenAddress("127.0.0.1", 0);
            await using var app = ServerHost.Build(builder, new ServerOptions { Http = local, Grpc = local, Models = [new ModelOptions { Path = model }], Data = data });
            await app.StartAsync();
            var serving = app.Services.GetRequiredService<Serving>();
            while (!serving.IsReady) await Task.Delay(50);
            var urls = app.Urls.Select(url => new Uri(url)).ToList();
            var table = new StringWriter(CultureInfo.InvariantCulture);
            table.WriteLine("| | requests | s | managed MiB | resident MiB | handles | generations | free KV blocks | directions |");
            table.WriteLine("|---|---|---|---|---|---|---|---|---|");
            for (int round = 0; round <= Rounds; round++)
            {
                int count = round == 0 ? WarmUp : Requests;
                var watch = Stopwatch.StartNew();
                using (var requests = new MixedRequests(urls[0], urls[1]))
                {
                    await requests.SendAsync(count, Concurrency, seed: round);
                    watch.Stop();
                    if (round == Rounds) Console.WriteLine(string.Join('\n', requests.Counts.Select(kind => $"{kind.Count,6} {kind.Kind}")));
                }
                var holds = await Holdings.TakeAsync(serving.Require().Engine.Counters);
                table.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {(round == 0 ? "warm-up" : $"round {round}")} | {count} | {watch.Elapsed.TotalSeconds:0} | {holds.Managed / 1048576.0:0.0} | {holds.Resident / 1048576.0:0} | {holds.Handles} | {holds.Sequences} | {holds.FreeBlocks} | {holds.Directions} |"));
                Console.WriteLine(table.ToString().TrimEnd().Split('\n')[^1]);
            }
            return table.ToString();
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }
}
