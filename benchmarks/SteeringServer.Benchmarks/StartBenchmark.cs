using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;

namespace SteeringServer.Benchmarks;

/// <summary>The published server as a process of its own: from its start to the first token of the shipped model.</summary>
internal static class StartBenchmark
{
    private const int Starts = 5;

    public static async Task<string> RunAsync(string root)
    {
        var table = new StringWriter(CultureInfo.InvariantCulture);
        table.WriteLine($"""
            The published server with the shipped model as a process of its own; medians of {Starts} starts, seconds after the process began.

            | published by | listens | model loaded and tested | first token of a chat |
            |---|---|---|---|
            """);
        string[] common = ["publish", Path.Combine(root, "src", "SteeringServer"), "-c", "Release", "--nologo", "-v", "q"];
        foreach (string[] options in (string[][])[["-r", "linux-x64", "--self-contained"], []])
            table.WriteLine(FormattableString.Invariant($"| `{string.Join(' ', ["dotnet publish -c Release", .. options])}` | {await MeasureAsync(root, [.. common, .. options])} |"));
        return table.ToString();
    }

    private static async Task<string> MeasureAsync(string root, string[] arguments)
    {
        string folder = Directory.CreateTempSubdirectory("published-").FullName;
        try
        {
            using (var publish = Process.Start(new ProcessStartInfo("dotnet", [.. arguments, "-o", folder]) { RedirectStandardOutput = true })!)
            {
                await publish.StandardOutput.ReadToEndAsync();
                await publish.WaitForExitAsync();
                if (publish.ExitCode != 0) return "not measured: it could not be published | |";
            }
            List<(double Listening, double Ready, double Token)> starts = [];
            for (int i = 0; i <= Starts; i++) starts.Add(await StartAsync(folder, Path.Combine(root, "models", "storyworld")));
            starts.RemoveAt(0); // files are in the page cache from here on
            return FormattableString.Invariant($"{Statistics.Median(starts.Select(s => s.Listening)):f2} | {Statistics.Median(starts.Select(s => s.Ready)):f2} | {Statistics.Median(starts.Select(s => s.Token)):f2}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(double Listening, double Ready, double Token)> StartAsync(string folder, string model)
    {
        int port = FreePort();
        string data = Directory.CreateTempSubdirectory("data-").FullName;
        var clock = Stopwatch.StartNew();
        using var server = Process.Start(new ProcessStartInfo(Path.Combine(folder, "SteeringServer"), ["--model", model, "--http", $"127.0.0.1:{port}", "--grpc", "off", "--data", data]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            double listening = await UntilAsync(clock, async () => (await client.GetAsync("/health/live")).IsSuccessStatusCode);
            double ready = await UntilAsync(clock, async () => (await client.GetAsync("/health/ready")).IsSuccessStatusCode);
            using var answer = await client.PostAsJsonAsync("/v1/chat/completions", new { messages = new[] { new { role = "user", content = "Tell me a story." } }, max_tokens = 1 });
            answer.EnsureSuccessStatusCode();
            return (listening, ready, clock.Elapsed.TotalSeconds);
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<double> UntilAsync(Stopwatch clock, Func<Task<bool>> isTrue)
    {
        while (clock.Elapsed < TimeSpan.FromMinutes(1))
        {
            try
            {
                if (await isTrue()) return clock.Elapsed.TotalSeconds;
            }
            catch (HttpRequestException)
            {
                // not listening yet
            }
            await Task.Delay(5);
        }
        throw new TimeoutException("The published server did not become ready within a minute.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
