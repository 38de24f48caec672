using Steering.Compute;
using Steering.Engine.Interventions;
using Steering.Engine.Running;

namespace SteeringServer.Benchmarks.Engine;

/// <summary>What steering costs: two engines on one model, one of them steered, take steps in turn at the same positions. A pair is several steps of each, its ratio the median of theirs.</summary>
internal sealed class SteeringBenchmark(int threads)
{
    private const int Pairs = 40, WarmUp = 8;

    public void Run(string name, string folder, TextWriter output)
    {
        using var model = LoadedModel.LoadWeights(folder, new LoadOptions { Threads = threads });
        int blocks = model.Sites.Blocks, middle = blocks / 2;
        InterventionPlan none = InterventionPlan.Empty, one = Plan(model, [0], [middle]), every = Plan(model, [0], [.. Enumerable.Range(0, blocks)]), three = Plan(model, [0, 1, 2], [.. Enumerable.Range(0, blocks)]);
        output.WriteLine($"""
            Change of a decode step's time ({name}, {model.KeptTypes}, exact), median of {Pairs} interleaved pairs and its 95% interval (bootstrap). The first row compares two engines that are not steered: what the measurement itself can tell.

            | sequences | steering | change | 95% interval |
            |---|---|---|---|
            """);
        Row(model, output, 1, "none, against none", _ => none, steps: 20);
        Row(model, output, 1, "one vector on one block", _ => one, steps: 20);
        Row(model, output, 1, "one vector on every block", _ => every, steps: 20);
        Row(model, output, 1, "three vectors on every block", _ => three, steps: 20);
        Row(model, output, 16, "none, against none", _ => none, steps: 10);
        Row(model, output, 16, "one vector on every block", _ => every, steps: 10);
        Row(model, output, 16, "three vectors on every block", _ => three, steps: 10);
        Row(model, output, 16, "one vector on every block, every second sequence", i => i % 2 == 0 ? every : none, steps: 10);
        Row(model, output, 256, "none, against none", _ => none, steps: 1);
        Row(model, output, 256, "256 strengths of one vector on every block", i => Scaled(every, 0.001 * (i + 1)), steps: 1);
        Row(model, output, 256, "256 vectors on every block", i => Plan(model, [i], [.. Enumerable.Range(0, blocks)]), steps: 1);
    }

    private static void Row(LoadedModel model, TextWriter output, int sequences, string what, Func<int, InterventionPlan> plan, int steps)
    {
        int context = 16 + WarmUp + Pairs * steps + 2;
        using var plain = new BenchmarkEngine(model, context, Enumerable.Repeat(InterventionPlan.Empty, sequences).ToArray());
        using var steered = new BenchmarkEngine(model, context, [.. Enumerable.Range(0, sequences).Select(plan)]);
        List<double> changes = [];
        for (int pair = -WarmUp / steps; pair < Pairs; pair++)
        {
            var ratios = new List<double>();
            for (int i = 0; i < steps; i++)
            {
                // Which comes first changes, so that neither has the other's caches every time.
                double without, with;
                if ((pair + i) % 2 == 0) (without, with) = (plain.Step().TotalSeconds, steered.Step().TotalSeconds);
                else (with, without) = (steered.Step().TotalSeconds, plain.Step().TotalSeconds);
                ratios.Add(with / without);
            }
            if (pair >= 0) changes.Add(Statistics.Median(ratios) - 1); // a moment in which somebody else has a core is one step's, not the pair's
        }
        var (low, high) = Statistics.Interval(changes);
        string row = $"| {sequences} | {what} | {Percent(Statistics.Median(changes))} | {Percent(low)} to {Percent(high)} |";
        output.WriteLine(row);
        Console.WriteLine(row);
    }

    /// <summary>With its sign, which is + for what rounds to zero.</summary>
    private static string Percent(double share) => FormattableString.Invariant($"{Math.Round(100 * share, 2) + 0.0:+0.00;-0.00;+0.00}%");

    /// <summary>Vectors of these seeds added at the output of these blocks; different tensors at each.</summary>
    private static InterventionPlan Plan(LoadedModel model, int[] seeds, int[] blocks)
    {
        int width = model.Sites.HiddenWidth;
        return InterventionPlan.Empty with
        {
            Edits =
            [
                .. blocks.SelectMany(block => seeds.Select((seed, use) => new PlannedEdit
                {
                    Use = use,
                    Site = new Site(SitePoint.ResidPost, block),
                    Operation = Operation.Add,
                    Directions = new DirectionTensor(1, width, Values(seed * 1000 + block, width)),
                    CoefficientPerStrength = 0.01,
                    Strength = new ScheduledStrength(1, Schedule.Constant),
                    Positions = ResolvedPositions.All,
                })),
            ],
        };
    }

    private static InterventionPlan Scaled(InterventionPlan plan, double strength) => plan with { Edits = [.. plan.Edits.Select(edit => edit with { Strength = new ScheduledStrength(strength, Schedule.Constant) })] };

    private static float[] Values(int seed, int width)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, width).Select(_ => random.NextSingle() - 0.5f)];
    }
}
