using System.Collections.Immutable;
using System.Globalization;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;

namespace Steering.Methods.Extraction;

/// <summary>What steered answers are like at one strength.</summary>
/// <param name="Strength">In multiples of the residual norm; negative: the other way.</param>
/// <param name="Repetition">Share of the runs of four tokens in a text that it had before.</param>
/// <param name="Loss">Log-probability that the steered text has less than the unsteered one, by the unsteered model, in nats a token.</param>
public sealed record StrengthMeasurement(double Strength, double Repetition, double Loss);

/// <summary>How strongly a vector can be used before answers break.</summary>
/// <param name="From">The most negative strength at which answers still hold; 0: none that was tried.</param>
/// <param name="To">The largest.</param>
/// <param name="Measured">Everything that was tried, by strength, 0 included.</param>
public sealed record StrengthRange(double From, double To, ImmutableArray<StrengthMeasurement> Measured);

/// <summary>
/// Finds the strengths at which a vector's answers hold: the model answers some of the examples' prompts greedily at growing strengths, and where texts begin to repeat themselves or the unsteered model would
/// not say them, the range ends. It says what does not break, not what works.
/// </summary>
public static class StrengthCalibration
{
    public const string Stage = "strength";

    /// <summary>A text breaks when more of it repeats than of the unsteered texts, by this share.</summary>
    public const double MostRepetition = 0.1;

    /// <summary>Or when its log-probability falls by more than this, in nats a token.</summary>
    public const double MostLoss = 1.0;

    private const int Prompts = 8, Tokens = 40, Halvings = 3;
    private static readonly double[] Grid = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6];

    /// <param name="residualNorms">What strengths are multiples of.</param>
    /// <param name="prompts">Prompts of the examples; the first different ones are used.</param>
    public static StrengthRange Measure(ImmutableArray<SteeringTensor> tensors, ImmutableDictionary<Site, float> residualNorms, Renormalise renormalise, IReadOnlyList<ImmutableArray<int>> prompts, ExtractionRun run)
    {
        var vector = new SteeringVector { Name = "extracted", Version = 0, Sha256 = "", Tensors = tensors, ResidualNorms = residualNorms, Unit = StrengthUnit.Rms };
        var chosen = prompts.Where(prompt => prompt.Length < run.Context).DistinctBy(prompt => string.Join(',', prompt)).Take(Prompts).ToList();
        var directions = new DirectionCache();
        var measured = new SortedDictionary<double, StrengthMeasurement>();
        // Both ways: the grid until it breaks, then between the last that held and the first that did not.
        int total = 1 + 2 * (Grid.Length + Halvings), done = 0;
        double[] unsteered = Try(0);
        measured[0] = new StrengthMeasurement(0, unsteered[0], 0);
        double to = Search(1), from = Search(-1);
        run.Report(Stage, total, total);
        return new StrengthRange(from, to, [.. measured.Values]);

        double[] Try(double strength)
        {
            run.Report(Stage, done++, total);
            return run.Once(string.Create(CultureInfo.InvariantCulture, $"strength/{strength:R}"), () => MeasureAt(strength, vector, renormalise, chosen, directions, run));
        }

        bool Holds(double strength)
        {
            double[] steered = Try(strength);
            var found = measured[strength] = new StrengthMeasurement(strength, steered[0], unsteered[1] - steered[1]);
            return found.Repetition <= unsteered[0] + MostRepetition && found.Loss <= MostLoss;
        }

        double Search(int sign)
        {
            double held = 0, broke = 0;
            foreach (double strength in Grid)
            {
                if (Holds(sign * strength)) held = strength;
                else
                {
                    broke = strength;
                    break;
                }
            }
            if (broke == 0) return sign * held;
            for (int i = 0; i < Halvings; i++)
            {
                double between = Math.Round((held + broke) / 2, 6);
                if (Holds(sign * between)) held = between;
                else broke = between;
            }
            return held == 0 ? 0 : sign * held;
        }
    }

    /// <summary>Repetition of the answers at a strength, and their mean log-probability by the unsteered model, in nats a token.</summary>
    private static double[] MeasureAt(double strength, SteeringVector vector, Renormalise renormalise, List<ImmutableArray<int>> prompts, DirectionCache directions, ExtractionRun run)
    {
        var requests = prompts.Select(prompt => new GenerationRequest
        {
            Id = "extraction",
            Prompt = prompt,
            MaxTokens = Math.Min(Tokens, run.Context - prompt.Length),
            StopTokens = run.Model.Config.EosTokenIds,
            Sampling = new SamplingParameters { Temperature = 0 },
            Plan = Plan(strength, vector, renormalise, prompt.Length, directions, run),
        }).ToList();
        var answers = new List<ImmutableArray<int>>();
        run.Generate(requests, (_, events) => answers.Add([.. events.Where(token => token.Finish is null).Select(token => token.Token)]));

        var scored = prompts.Zip(answers, (prompt, answer) => new GenerationRequest { Id = "extraction", Prompt = [.. prompt, .. answer], MaxTokens = 0, PromptLogprobs = 0 }).ToList();
        double logprob = 0;
        int tokens = 0;
        run.Generate(scored, (i, events) =>
        {
            foreach (var token in events.Where(token => token.IsPrompt).Skip(prompts[i].Length))
            {
                logprob += token.Logprob;
                tokens++;
            }
        });
        return [answers.Average(Repetition), logprob / Math.Max(1, tokens)];
    }

    /// <summary>Share of the runs of four tokens that occurred earlier in the text; 0 where it is too short to have two.</summary>
    internal static double Repetition(ImmutableArray<int> text)
    {
        const int Run = 4;
        int runs = text.Length - Run + 1;
        if (runs < 2) return 0;
        var seen = new HashSet<(int, int, int, int)>();
        for (int i = 0; i < runs; i++) seen.Add((text[i], text[i + 1], text[i + 2], text[i + 3]));
        return 1 - seen.Count / (double)runs;
    }

    private static InterventionPlan Plan(double strength, SteeringVector vector, Renormalise renormalise, int promptLength, DirectionCache directions, ExtractionRun run)
    {
        if (strength == 0) return InterventionPlan.Empty;
        var use = new VectorUse { Path = "extraction", Vector = vector, Reference = vector.Name, Strength = strength, Renormalise = renormalise };
        var compiled = PlanCompiler.Compile(new SteeringSpec([use]), run.Model.Sites, PromptLayout.Plain(promptLength), directions);
        return compiled.Plan ?? throw new ExtractionException(string.Join(" ", compiled.Problems.Select(problem => problem.Message)));
    }
}
