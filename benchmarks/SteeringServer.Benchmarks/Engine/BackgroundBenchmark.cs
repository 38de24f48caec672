using System.Collections.Immutable;
using System.Diagnostics;
using Steering.Engine.Attribution;
using Steering.Engine.Generation;
using Steering.Engine.Gradients;
using Steering.Engine.Running;
using Steering.Methods.Grains;

namespace SteeringServer.Benchmarks.Engine;

/// <summary>What an extraction in the background does to those who wait: latencies of requests and gaps between their tokens with it and without, in turn.</summary>
internal static class BackgroundBenchmark
{
    private const int Pairs = 4, PromptLength = 32, Tokens = 48, RequestsInWindow = 50;

    /// <param name="Requests">Milliseconds from a request to its last token.</param>
    /// <param name="Tokens">Of those after the first token, milliseconds for each of the others.</param>
    private sealed record Latencies(List<double> Requests, List<double> Tokens)
    {
        public Latencies() : this([], [])
        {
        }
    }

    public static void WriteHead(TextWriter output) => output.WriteLine($"""
        GrAInS extracts without end while requests of {PromptLength} prompt and {Tokens} generated tokens are served: one after the other by one client, or at random moments at half of what that client gets done. {Pairs} pairs of windows of about {RequestsInWindow} requests, 3 s at least, without and with it, in
        turn; the 95th percentile without and with it, and by how much it grows (median of the pairs, and the middle 95% of resampled medians). Beside them, gradients a second while it shares the machine, and alone.

        | model | load | request, p95 | grows by | a token, p95 | grows by | gradients a second, alone |
        |---|---|---|---|---|---|---|
        """);

    public static void Run(string name, string path, int threads, TextWriter output)
    {
        using var model = LoadedModel.LoadWeights(path, new LoadOptions { Threads = threads });
        using var engine = new EngineLoop(model, new EngineOptions { MaxSequences = 16, Context = 256 });
        engine.Start();
        Serve(engine, TimeSpan.FromSeconds(4), null); // the runtime recompiles what is hot
        double mean = Serve(engine, TimeSpan.FromSeconds(3), null).Requests.Average();
        double alone = Extract(model, () => Thread.Sleep(3000));
        foreach (var (load, every) in new (string, double?)[] { ("one client", null), ("at random", 2 * mean / 1000) })
        {
            var window = TimeSpan.FromSeconds(Math.Max(3, RequestsInWindow * (every ?? mean / 1000)));
            List<(double Without, double With)> requests = [], tokens = [];
            var shared = new List<double>();
            for (int i = 0; i < Pairs; i++)
            {
                var without = Serve(engine, window, every);
                Latencies? with = null;
                shared.Add(Extract(model, () => with = Serve(engine, window, every)));
                requests.Add((P95(without.Requests), P95(with!.Requests)));
                tokens.Add((P95(without.Tokens), P95(with.Tokens)));
            }
            string line = FormattableString.Invariant($"| {name} | {load} | {Cell(requests)} | {Cell(tokens)} | {Statistics.Median(shared):f1}, {alone:f1} |");
            output.WriteLine(line);
            Console.WriteLine(line);
        }
    }

    /// <param name="every">Mean seconds between arrivals; null: each request comes when the one before is done.</param>
    private static Latencies Serve(EngineLoop engine, TimeSpan window, double? every)
    {
        var found = new Latencies();
        var random = new Random(1);
        var clock = Stopwatch.StartNew();
        var running = new List<Task>();
        for (int i = 0; clock.Elapsed < window; i++)
        {
            var task = AskAsync(engine, i, found);
            if (every is { } seconds)
            {
                running.Add(task);
                Thread.Sleep(TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) * seconds));
            }
            else task.GetAwaiter().GetResult();
        }
        Task.WhenAll(running).GetAwaiter().GetResult();
        return found;
    }

    private static async Task AskAsync(EngineLoop engine, int number, Latencies found)
    {
        long begun = Stopwatch.GetTimestamp(), first = 0;
        var generation = engine.Submit(new GenerationRequest { Id = "request", Prompt = Text(number, PromptLength), MaxTokens = Tokens, Sampling = new SamplingParameters { Temperature = 0 } });
        await foreach (var token in generation.Events.ReadAllAsync().ConfigureAwait(false))
            if (first == 0) first = Stopwatch.GetTimestamp();
        lock (found)
        {
            found.Requests.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            found.Tokens.Add(Stopwatch.GetElapsedTime(first).TotalMilliseconds / (Tokens - 1));
        }
    }

    /// <summary>Attributes, which is what an extraction does most of its time, as long as something else takes; gradients a second.</summary>
    private static double Extract(LoadedModel model, Action meanwhile)
    {
        using var stop = new CancellationTokenSource();
        int gradients = 0;
        var thread = new Thread(() =>
        {
            using var attributor = new Attributor(model, PromptLength, inBackground: true);
            try
            {
                for (int i = 0; ; i++)
                {
                    var text = Text(i, PromptLength);
                    var sequence = new GradientSequence { Tokens = text, PromptLength = text.Length, Targets = [.. Enumerable.Range(PromptLength - 8, 8).Select(at => new GradientTarget(at - 1, text[at]))] };
                    int before = gradients;
                    attributor.Attribute(sequence, GrainsOptions.Default.Attribution, progress => gradients = before + progress.Done, stop.Token);
                }
            }
            catch (OperationCanceledException)
            {
                // Asked for.
            }
        });
        thread.Start();
        var clock = Stopwatch.StartNew();
        meanwhile();
        double rate = gradients / clock.Elapsed.TotalSeconds;
        stop.Cancel();
        thread.Join();
        return rate;
    }

    private static ImmutableArray<int> Text(int number, int length) => [.. Enumerable.Range(0, length).Select(i => 5 + (number * 17 + i * 31) % 1900)];

    private static double P95(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Min(sorted.Length - 1, sorted.Length * 95 / 100)];
    }

    private static string Cell(List<(double Without, double With)> pairs)
    {
        double[] growth = [.. pairs.Select(pair => pair.With / pair.Without - 1)];
        var (low, high) = Statistics.Interval(growth);
        return FormattableString.Invariant($"{Statistics.Median(pairs.Select(pair => pair.Without)):g3}, {Statistics.Median(pairs.Select(pair => pair.With)):g3} ms | {100 * Statistics.Median(growth):f0}% ({100 * low:f0} to {100 * high:f0})");
    }
}
