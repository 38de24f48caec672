using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Methods.Evaluation;
using Steering.Methods.Extraction;
using Steering.Methods.Grains;
using Steering.Tests.Models;

namespace Steering.Tests.Grains;

/// <summary>Every stage of GrAInS against the reference (golden/methods/grains, in float64), from the examples to the steered logits.</summary>
public sealed class GrainsGoldenTests
{
    private const int Examples = 6, TopK = 3, Block = 2;
    private static readonly Site Steered = new(SitePoint.ResidPost, Block);
    private static readonly int[] All = [.. Enumerable.Range(0, Examples)];

    private static readonly GrainsOptions Options = GrainsOptions.Default with { TopK = TopK, PadToken = 0 };

    public static TheoryData<string> Models => new("llama", "qwen3", "gemma2");

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Chosen_tokens_are_those_of_the_reference_in_both_forms(string model)
    {
        using var stored = Stored(model);
        using var golden = new GoldenModel(model);
        using var run = Run(golden);
        foreach (var (prefix, asReleased) in new[] { ("", false), ("literal.", true) })
        {
            var scores = GrainsExtractor.Attribute(Pairs(stored), Options with { AsReleased = asReleased }, run);
            for (int example = 0; example < Examples; example++)
            {
                foreach (var (side, found) in new[] { ("plus", scores[example].Preferred), ("minus", scores[example].Dispreferred) })
                {
                    foreach (var (name, choice) in new[] { ("pos", TokenChoice.Positive), ("neg", TokenChoice.Negative), ("abs", TokenChoice.Absolute) })
                        Assert.Equal(Ids(stored, $"ex{example}.{side}.{prefix}chosen.{name}").AsEnumerable(), TokenAblation.Choose(found, TopK, choice));
                }
            }
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Ablated_texts_states_and_differences_are_those_of_the_reference(string model)
    {
        using var stored = Stored(model);
        using var golden = new GoldenModel(model);
        using var run = Run(golden);
        var pairs = Pairs(stored);
        var scores = GrainsExtractor.Attribute(pairs, Options, run);
        for (int example = 0; example < Examples; example++)
        {
            foreach (var (name, choice) in new[] { ("pos", TokenChoice.Positive), ("neg", TokenChoice.Negative) })
            {
                Assert.Equal(Ids(stored, $"ex{example}.plus.ablated.{name}.ids").AsEnumerable(), TokenAblation.Ablate(pairs[example].Text(true), TokenAblation.Choose(scores[example].Preferred, TopK, choice), 0));
                Assert.Equal(Ids(stored, $"ex{example}.minus.ablated.{name}.ids").AsEnumerable(), TokenAblation.Ablate(pairs[example].Text(false), TokenAblation.Choose(scores[example].Dispreferred, TopK, choice), 0));
            }
        }

        // The reference has a level for each block and the final norm after them.
        var own = GrainsExtractor.Read(pairs, scores, Options, new ResidualStates(run), run);
        var released = GrainsExtractor.Read(pairs, scores, Options, new ResidualStates(run, lastFromFinalNorm: true), run);
        for (int level = 0; level <= golden.Model.Config.Shape.Blocks; level++)
        {
            bool isNorm = level == golden.Model.Config.Shape.Blocks;
            var (states, block) = (isNorm ? released : own, isNorm ? level - 1 : level);
            AssertStates("plus", states.Preferred);
            AssertStates("minus", states.Dispreferred);
            foreach (var (name, choice) in new[] { ("pos", TokenChoice.Positive), ("neg", TokenChoice.Negative) })
            {
                AssertStates($"plus_ablated.{name}", states.PreferredAblated[choice]);
                AssertStates($"minus_ablated.{name}", states.DispreferredAblated[choice]);
                var rows = states.Differences(choice, block, All);
                Assert.Equal(2 * Examples, rows.Count);
                AssertClose($"difference.{name} level {level}", Level(stored, $"difference.{name}", level), rows.SelectMany(row => row), 2e-4);
            }

            void AssertStates(string name, float[][][] found)
            {
                double[] all = Doubles(stored, $"states.{name}");
                int width = golden.Sites.HiddenWidth, levels = golden.Model.Config.Shape.Blocks + 1;
                for (int example = 0; example < Examples; example++)
                    AssertClose($"states.{name} level {level} example {example}", all.Skip((example * levels + level) * width).Take(width), found[example][block].Select(value => (double)value), 1e-4);
            }
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Directions_from_its_own_states_are_those_of_the_reference(string model)
    {
        using var stored = Stored(model);
        using var golden = new GoldenModel(model);
        using var run = Run(golden);
        var pairs = Pairs(stored);
        var scores = GrainsExtractor.Attribute(pairs, Options, run);
        foreach (bool lastFromFinalNorm in new[] { false, true })
        {
            var states = GrainsExtractor.Read(pairs, scores, Options, new ResidualStates(run, lastFromFinalNorm), run);
            int blocks = golden.Model.Config.Shape.Blocks;
            for (int block = 0; block < blocks; block++)
            {
                int level = lastFromFinalNorm && block == blocks - 1 ? blocks : block;
                foreach (var (kind, choices) in new[] { ("pos", Options.Choices[..1]), ("neg", [(TokenChoice.Negative, 1)]), ("both", Options.Choices) })
                {
                    var options = Options with { Choices = choices };
                    AssertClose($"vector.{kind}.mean level {level}", Level(stored, $"vector.{kind}.mean", level), states.Direction(options with { Summary = DifferenceSummary.Mean }, block, All), 1e-4);
                    AssertClose($"vector.{kind}.pca level {level}", Level(stored, $"vector.{kind}.pca", level), states.Direction(options, block, All), 1e-4 / Gap(stored, kind, level));
                }
            }
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void The_first_component_of_the_references_differences_is_the_references(string model)
    {
        using var stored = Stored(model);
        foreach (string kind in (string[])["pos", "neg"])
        {
            double[] singular = Doubles(stored, $"vector.{kind}.pca.singular_values");
            for (int level = 0; level < singular.Length / (2 * Examples); level++)
            {
                double[] flat = Level(stored, $"difference.{kind}", level);
                double[][] rows = flat.Chunk(flat.Length / (2 * Examples)).ToArray();

                var (direction, value) = PrincipalComponent.First(rows);

                Assert.Equal(singular[level * 2 * Examples], value, 1e-9 * value);
                AssertClose($"{kind} level {level}", Level(stored, $"vector.{kind}.pca", level), direction, 1e-8);
            }
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Steered_states_and_logits_are_those_of_the_reference(string model)
    {
        using var stored = Stored(model);
        using var golden = new GoldenModel(model);
        int[] ids = [.. Ids(stored, "apply.ids")];
        foreach (string how in (string[])["mean", "pca"])
        {
            float[] vector = [.. Level(stored, $"vector.both.{how}", Block).Select(value => (float)value)];
            foreach (var (name, renormalise) in new[] { ("token", Renormalise.Token), ("none", Renormalise.None) })
                AssertApplied($"apply.{how}.{name}", GoldenModel.Edit(Steered, Operation.Add, 10 * 0.5, vector.Length, vector, renormalise));
            AssertApplied($"apply.{how}.channel_over_sequence", Released(vector));
        }
        double[] last = [.. stored.ReadFloats("apply.unsteered.resid_post.2")[^golden.Sites.HiddenWidth..].Select(value => (double)value)];
        AssertClose("a single token", stored.ReadFloats("apply.pca.channel_over_sequence.single_token").Select(value => (double)value), ChannelRenormalisation.Apply([last], Level(stored, "vector.both.pca", Block), 5)[0], 1e-6);

        void AssertApplied(string name, InterventionPlan plan)
        {
            var (logits, states) = Forward(plan);
            GoldenModel.AssertClose($"{name}.resid_post.2", stored.ReadFloats($"{name}.resid_post.2"), states.SelectMany(row => row).ToArray(), 2e-4);
            GoldenModel.AssertClose($"{name}.logits", stored.ReadFloats($"{name}.logits"), logits, 2e-4);
        }

        // The released norm reads the whole sequence; what it makes of each token is then added to that token alone.
        InterventionPlan Released(float[] vector)
        {
            var states = Forward(InterventionPlan.Empty).States;
            double[][] steered = ChannelRenormalisation.Apply([.. states.Select(row => row.Select(value => (double)value).ToArray())], [.. vector.Select(value => (double)value)], 5);
            return InterventionPlan.Empty with
            {
                Edits = [.. states.Select((row, token) => GoldenModel.Edit(Steered, Operation.Add, 1, row.Length, [.. row.Select((h, i) => (float)(steered[token][i] - h))]).Edits[0] with { Positions = new ResolvedPositions([token], [token + 1], []) })],
            };
        }

        (float[] Logits, float[][] States) Forward(InterventionPlan plan)
        {
            using var arena = new Arena();
            var capture = new CaptureRequest(Steered, 0, arena.Matrix(ids.Length, golden.Sites.HiddenWidth));
            float[] logits = golden.Logits(ids, plan, int.MaxValue, capture);
            return (logits, [.. Enumerable.Range(0, ids.Length).Select(row => capture.Destination.Row(row).ToArray())]);
        }

    }

    private static SafetensorsFile Stored(string model) => SafetensorsFile.Open(Repository.Shared("golden", "methods", "grains", $"{model}.safetensors"));

    private static ExtractionRun Run(GoldenModel golden) => new(golden.Model, 64, NoCheckpoints.Instance, null, default);

    private static PreferencePair[] Pairs(SafetensorsFile stored) => [.. Enumerable.Range(0, Examples).Select(example =>
    {
        ImmutableArray<int> plus = Ids(stored, $"ex{example}.plus.ids"), minus = Ids(stored, $"ex{example}.minus.ids");
        int prompt = plus.Length - Ids(stored, $"ex{example}.plus.answer_length")[0];
        return new PreferencePair(plus[..prompt], plus[prompt..], minus[prompt..]);
    })];

    private static ImmutableArray<int> Ids(SafetensorsFile stored, string tensor) => [.. stored.ReadInt64s(tensor).Select(id => (int)id)];

    private static double[] Doubles(SafetensorsFile stored, string tensor) => MemoryMarshal.Cast<byte, double>(stored.Bytes(stored.Tensors[tensor])).ToArray();

    private static double[] Level(SafetensorsFile stored, string tensor, int level)
    {
        double[] all = Doubles(stored, tensor);
        int size = all.Length / (int)stored.Tensors[tensor].Shape[0];
        return all[(level * size)..((level + 1) * size)];
    }

    /// <summary>1 - s2/s1: what an error of the rows grows by in the first component.</summary>
    private static double Gap(SafetensorsFile stored, string kind, int level)
    {
        if (kind == "both") return Math.Min(Gap(stored, "pos", level), Gap(stored, "neg", level)) / 2;
        double[] values = Level(stored, $"vector.{kind}.pca.singular_values", level);
        return 1 - values[1] / values[0];
    }

    private static void AssertClose(string what, IEnumerable<double> expected, IEnumerable<double> actual, double bound)
    {
        double[] left = [.. expected], right = [.. actual];
        Assert.Equal(left.Length, right.Length);
        for (int i = 0; i < left.Length; i++) Assert.True(Math.Abs(left[i] - right[i]) <= bound, $"{what}: {right[i]} instead of {left[i]} at {i}, allowed {bound:g2}");
    }
}
