using System.Collections.Immutable;
using System.Diagnostics;
using Steering.Compute;
using Steering.Compute.Cpu;
using Steering.Engine.Gradients;
using Steering.Engine.Running;

namespace SteeringServer.Benchmarks.Engine;

/// <summary>What a gradient costs: seconds for one of a sequence with five answer tokens, in turn with the engine's prefill of a prompt of the same length.</summary>
internal static class GradientBenchmark
{
    private const int Pairs = 9, Answer = 5;
    private static readonly int[] s_lengths = [32, 128, 512];

    /// <summary>The runtime recompiles what was called thirty times, a tenth of a second after it last found something new.</summary>
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1);

    public static void Run(string name, string path, int threads, TextWriter output)
    {
        using var pool = new ComputePool(threads);
        var timed = new TimedKernels(CpuBackend.Create(pool));
        using var model = LoadedModel.LoadWeights(path, new LoadOptions(), timed);
        string breakdown = "";
        string cells = $"| {name} | {model.KeptTypes} |";
        foreach (int length in s_lengths)
        {
            if (length >= model.Config.Shape.MaxPositions) continue;
            using var gradient = model.CreateGradient(length);
            using var arena = new Arena();
            TensorView embeddings = arena.Matrix(length, model.Sites.HiddenWidth), result = arena.Matrix(length, model.Sites.HiddenWidth);
            ImmutableArray<int> tokens = [.. Enumerable.Range(0, length).Select(i => 5 + i * 31 % 200)];
            var sequence = new GradientSequence { Tokens = tokens, PromptLength = length, Targets = [.. Enumerable.Range(length - Answer, Answer).Select(i => new GradientTarget(i - 1, tokens[i]))] };
            gradient.Embed(embeddings, tokens.AsSpan());
            List<double> gradients = [], forwards = [], ratios = [];
            var breakdowns = new List<(double Seconds, string Report)>();
            using var prefills = BenchmarkEngine.Prefill(model, length).GetEnumerator();
            long begun = Stopwatch.GetTimestamp();
            while (ratios.Count < Pairs)
            {
                prefills.MoveNext();
                timed.Reset();
                long start = Stopwatch.GetTimestamp();
                gradient.Run([sequence], embeddings, result);
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (Stopwatch.GetElapsedTime(begun) < s_warmUp) continue;
                breakdowns.Add((seconds, timed.Report(TimeSpan.FromSeconds(seconds))));
                gradients.Add(seconds);
                forwards.Add(prefills.Current);
                ratios.Add(seconds / prefills.Current);
            }
            if (length == s_lengths[0]) breakdown = breakdowns.Order().ElementAt(Pairs / 2).Report;
            cells += FormattableString.Invariant($" {1000 * Statistics.Median(forwards):f0} ms, {1000 * Statistics.Median(gradients):f0} ms, {Statistics.Median(ratios):f2} x |");
        }
        cells += $" {breakdown} |";
        output.WriteLine(cells);
        Console.WriteLine(cells);
    }

    public static void WriteHead(TextWriter output) => output.WriteLine($"""
        One gradient of the log-probability of {Answer} answer tokens with respect to all embeddings, beside the engine's prefill of a prompt as long, in turn ({Pairs} pairs): prefill, gradient, and the median of their ratios.

        | model | weights | {string.Join(" | ", s_lengths.Select(length => $"{length} tokens"))} | where the time of {s_lengths[0]} goes |
        |---|---|{string.Concat(s_lengths.Select(_ => "---|"))}---|
        """);
}
