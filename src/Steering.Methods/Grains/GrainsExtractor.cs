using System.Collections.Immutable;
using System.Globalization;
using Steering.Engine.Gradients;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Methods.Extraction;

namespace Steering.Methods.Grains;

/// <summary>
/// GrAInS: the tokens that most push the model towards one answer and away from another are found by integrated gradients; what their removal takes away from the last token's state is the direction.
/// </summary>
public static class GrainsExtractor
{
    public const string Method = "grains", Version = "1";

    /// <summary>Fewer examples cannot be split into a half to make a direction from and one to test it on.</summary>
    public const int LeastExamples = 4;

    /// <summary>The stages in their order, as progress names them.</summary>
    public static ImmutableArray<string> Stages { get; } = ["attribution", "activations", "directions", StrengthCalibration.Stage];

    /// <summary>About how many bytes the states of so many examples take while directions are made of them.</summary>
    public static long BytesFor(DecoderShape shape, int examples, GrainsOptions options) => 2L * examples * (1 + options.Choices.Length) * shape.Blocks * shape.HiddenSize * sizeof(float);

    /// <summary>Extracts a vector. The same pairs, options and model give the same bits, with interruptions or without.</summary>
    /// <exception cref="ExtractionException">The data give no direction.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ExtractedVector Extract(IReadOnlyList<PreferencePair> pairs, GrainsOptions options, ExtractionRun run)
    {
        if (pairs.Count < LeastExamples) throw new ExtractionException($"{pairs.Count} examples are too few; {LeastExamples} are the least, since a direction is tested on what it was not made from, and a few dozen make a good one.");
        var scores = Attribute(pairs, options, run);
        var residuals = new ResidualStates(run, options.AsReleased);
        var states = Read(pairs, scores, options, residuals, run);
        double[] norms = residuals.Norms;

        run.Report(Stages[2], 0, 1);
        var blocks = BlockDiagnostics.Of(states.Preferred, states.Dispreferred, norms, (block, examples) =>
        {
            run.Cancellation.ThrowIfCancellationRequested();
            return states.Direction(options, block, examples);
        });
        int recommended = BlockDiagnostics.Recommended(blocks);
        ImmutableArray<int> chosen = options.Blocks.IsEmpty ? [recommended] : options.Blocks;
        int[] all = [.. Enumerable.Range(0, pairs.Count)];
        var tensors = chosen.Select(block => Tensor(block, states.Direction(options, block, all))).ToImmutableArray();
        run.Report(Stages[2], 1, 1);

        var residualNorms = chosen.ToImmutableDictionary(block => new Site(SitePoint.ResidPost, block), block => (float)norms[block]);
        var strength = StrengthCalibration.Measure(tensors, residualNorms, Renormalise.Token, [.. pairs.Select(pair => pair.Prompt)], run);
        return new ExtractedVector(tensors, residualNorms, blocks, recommended, strength, Renormalise.Token, Provenance(pairs.Count, options));
    }

    /// <summary>Scores of every token of both texts of every pair. A score says how much its token speaks for preferring: the dispreferred text's objective counts negatively.</summary>
    public static IReadOnlyList<(double[] Preferred, double[] Dispreferred)> Attribute(IReadOnlyList<PreferencePair> pairs, GrainsOptions options, ExtractionRun run)
    {
        using var attributor = run.CreateAttributor(pairs.Max(pair => pair.Longest));
        var scores = new List<(double[], double[])>();
        run.Report(Stages[0], 0, pairs.Count);
        for (int i = 0; i < pairs.Count; i++)
        {
            var pair = pairs[i];
            int example = i;
            scores.Add((Of(true), Of(false)));
            run.Report(Stages[0], i + 1, pairs.Count);
            double[] Of(bool isPreferred) => run.Once(string.Create(CultureInfo.InvariantCulture, $"attribution/{example}/{(isPreferred ? "preferred" : "dispreferred")}"),
                () => attributor.Attribute(Objective(pair, isPreferred, options.AsReleased), options.Attribution with { PadToken = options.PadToken }, null, run.Cancellation).Scores);
        }
        return scores;
    }

    /// <summary>States of the texts, and of the texts without the tokens that mattered.</summary>
    public static GrainsStates Read(IReadOnlyList<PreferencePair> pairs, IReadOnlyList<(double[] Preferred, double[] Dispreferred)> scores, GrainsOptions options, ResidualStates residuals, ExtractionRun run)
    {
        int done = 0, total = pairs.Count * 2 * (1 + options.Choices.Length);
        run.Report(Stages[1], 0, total);
        return new GrainsStates(Whole(true), Whole(false), options.Choices.ToImmutableDictionary(choice => choice.Choice, choice => Ablated(choice.Choice, true)),
            options.Choices.ToImmutableDictionary(choice => choice.Choice, choice => Ablated(choice.Choice, false)));

        float[][][] Whole(bool isPreferred) => residuals.OfLastTokens([.. pairs.Select(pair => pair.Text(isPreferred))], counts: true, Advance);
        float[][][] Ablated(TokenChoice choice, bool isPreferred) => residuals.OfLastTokens([.. pairs.Zip(scores, (pair, score) =>
            TokenAblation.Ablate(pair.Text(isPreferred), TokenAblation.Choose(isPreferred ? score.Preferred : score.Dispreferred, options.TopK, choice), options.PadToken))], counts: false, Advance);
        void Advance() => run.Report(Stages[1], ++done, total);
    }

    private static GradientSequence Objective(PreferencePair pair, bool isPreferred, bool lastTokenOnly)
    {
        var text = pair.Text(isPreferred);
        return new GradientSequence { Tokens = text, PromptLength = text.Length, Targets = GradientTarget.OfAnswer(text, pair.Prompt.Length, isPreferred ? 1 : -1, lastTokenOnly) };
    }

    private static SteeringTensor Tensor(int block, double[] direction)
    {
        if (Rows.Norm(direction) < 1e-12)
            throw new ExtractionException($"The direction after block {block} is zero: ablation changed nothing there, or the positive and the negative part are the same. Use other blocks, fewer tokens, or the positive part alone.");
        return new SteeringTensor(new Site(SitePoint.ResidPost, block), "", 1, direction.Length, [.. direction.Select(value => (float)value)]);
    }

    private static ImmutableSortedDictionary<string, string> Provenance(int examples, GrainsOptions options)
    {
        var (attribution, culture) = (options.Attribution, CultureInfo.InvariantCulture);
        return new Dictionary<string, string>
        {
            ["method"] = Method,
            ["method_version"] = Version,
            ["examples"] = examples.ToString(culture),
            ["form"] = options.AsReleased ? "released" : "paper",
            ["tokens"] = string.Join(" ", options.Choices.Select(choice => $"{(choice.Sign < 0 ? "-" : "+")}{choice.Choice.ToString().ToLowerInvariant()}")),
            ["top_k"] = options.TopK.ToString(culture),
            ["summary"] = options.Summary == DifferenceSummary.Mean ? "mean" : "first_component",
            ["orientation"] = options.Summary == DifferenceSummary.Mean ? "none" : "mean projection of the differences positive",
            ["attribution"] = $"{attribution.Method} from {attribution.Baseline}, {attribution.Rule}, {(attribution.Rule == Engine.Attribution.AttributionRule.Adaptive ? attribution.Budget : attribution.Points).ToString(culture)} points",
            ["pad_token"] = options.PadToken.ToString(culture),
            ["position"] = "last token",
        }.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }
}
