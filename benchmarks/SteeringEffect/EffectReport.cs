using System.Globalization;

namespace SteeringEffect;

/// <summary>Runs every setting of a task and writes what came of it.</summary>
internal sealed class EffectReport(TextWriter output, TextWriter log)
{
    private const int Choosing = 0, Reporting = 1;
    private const double LeastCoherence = 0.7;

    public void Run(EffectTask task, SteeringLab lab, int context, int[][] blocks, double[] strengths)
    {
        string stage = "";
        var candidates = lab.Extract(task, context, progress =>
        {
            if (progress.Stage == stage && progress.Done < progress.Total) return;
            log.WriteLine($"{task.Name}: {stage = progress.Stage} {progress.Done}/{progress.Total}");
        });
        var none = lab.Answer(task, null, [], 0);
        var outcomes = new List<Outcome>();
        foreach (var candidate in candidates)
            foreach (int[] where in blocks)
                foreach (double strength in strengths)
                {
                    outcomes.Add(lab.Answer(task, candidate, where, strength));
                    log.WriteLine(Invariant($"{task.Name}: {candidate.Method}, {outcomes[^1].Where}, strength {strength}: {outcomes[^1].Scores.Average():0.000}, coherence {outcomes[^1].Coherence:0.00}"));
                }
        Write(task, none, outcomes, strengths);
    }

    private void Write(EffectTask task, Outcome none, List<Outcome> outcomes, double[] strengths)
    {
        bool isJudged = task.Judge is not null;
        output.WriteLine(Invariant($"### {char.ToUpperInvariant(task.Name[0])}{task.Name[1..]}\n"));
        output.WriteLine(Invariant($"{task.Examples.Length} examples, {task.Questions.Length} questions. Without steering {none.Scores.Average():0.00}, {(isJudged ? "coherence" : "probability of a token")} {none.Coherence:0.00}.\n"));
        output.WriteLine($"| method | blocks | strength | share | gain over none | {(isJudged ? "coherence" : "probability of a token | gain of the margin, nats")} |");
        output.WriteLine($"|---|---|---|---|---|---|{(isJudged ? "" : "---|")}");
        foreach (var group in outcomes.GroupBy(outcome => outcome.Method))
        {
            var fit = group.Where(outcome => outcome.Coherence >= LeastCoherence * none.Coherence).ToList();
            var best = (fit.Count > 0 ? fit : [.. group]).OrderByDescending(outcome => outcome.Mean(Choosing)).ThenByDescending(outcome => Outcome.Of(outcome.Margins, Choosing).DefaultIfEmpty(0).Average()).First();
            var gain = Interval(Differences(best.Scores, none.Scores));
            string last = Invariant($"{best.Coherence:0.00}{(isJudged ? "" : $" | {Text(Interval(Differences(best.Margins, none.Margins)))}")}");
            output.WriteLine(Invariant($"| {group.Key} | {best.Where} | {best.Strength} | {best.Mean(Reporting):0.00} | {Text(gain)} | {last} |"));
        }
        output.WriteLine($"\nEvery setting, over all questions (in brackets: {(isJudged ? "coherence" : "probability of a token")}):\n");
        output.WriteLine($"| method | blocks | {string.Join(" | ", strengths.Select(strength => strength.ToString(CultureInfo.InvariantCulture)))} |");
        output.WriteLine($"|---|---|{string.Concat(strengths.Select(_ => "---|"))}");
        foreach (var group in outcomes.GroupBy(outcome => outcome.Method))
            foreach (var outcomesThere in group.GroupBy(outcome => outcome.Where))
            {
                var row = outcomesThere.Select(outcome => Invariant($"{outcome.Scores.Average():0.00} ({outcome.Coherence:0.00})"));
                output.WriteLine($"| {group.Key} | {outcomesThere.Key} | {string.Join(" | ", row)} |");
            }
        output.WriteLine();
    }

    private static double[] Differences(double[] steered, double[] unsteered) => Outcome.Of([.. steered.Zip(unsteered, (left, right) => left - right)], Reporting);

    /// <summary>Mean and the middle 95% of the means of resampled questions (percentile bootstrap, always the same samples).</summary>
    private static (double Mean, double Low, double High) Interval(double[] values)
    {
        const int Samples = 4000;
        var random = new Random(1);
        double[] means = [.. Enumerable.Range(0, Samples).Select(_ => Enumerable.Range(0, values.Length).Average(_ => values[random.Next(values.Length)])).Order()];
        return (values.Average(), means[Samples * 25 / 1000], means[Samples * 975 / 1000]);
    }

    private static string Text((double Mean, double Low, double High) of) => Invariant($"{of.Mean:+0.00;-0.00;0.00} ({of.Low:+0.00;-0.00;0.00} to {of.High:+0.00;-0.00;0.00})");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
