using System.Collections.Immutable;
using System.Text.Json;
using Steering.Compute;
using Steering.Engine.Gradients;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Running;
using Steering.Tests.Models;

namespace Steering.Tests.Gradients;

/// <summary>The whole backward pass against torch: every family of the goldens, and through active interventions. Bounds are those of their READMEs, relative to the largest entry.</summary>
public sealed class GradientGoldenTests
{
    public static TheoryData<string> Families()
    {
        var names = new TheoryData<string>();
        foreach (string name in GoldenModel.Names.Where(name => name is not ("mixtral" or "qwen3-moe"))) names.Add(name);
        return names;
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_gradient_of_a_log_probability_is_that_of_torch(string name)
    {
        using var golden = new GoldenModel(name);
        int[] ids = golden.Ids();
        var sequence = new GradientSequence { Tokens = [.. ids], PromptLength = ids.Length, Targets = [new GradientTarget(ids.Length - 1, golden.Ids("greedy")[0])] };

        var result = Run(golden.Model, sequence);

        double bound = name switch { "llama" or "qwen3" or "gemma2" => 1e-5, "gemma3-text" => 1e-2, _ => 1e-4 };
        Assert.Equal(golden.Numbers("gradient.logp")[0], result.Value, 1e-5);
        AssertClose(golden.Numbers("gradient.embed"), result.Embed, bound);
        for (int i = 0; i < golden.Model.Config.Shape.Blocks; i++) AssertClose(golden.Numbers($"gradient.resid_pre.{i}"), result.Received[i], bound);
    }

    public static TheoryData<string, string> Interventions()
    {
        var cases = new TheoryData<string, string>();
        foreach (string model in (string[])["llama", "qwen3", "gemma2"])
            foreach (string name in (string[])["none", "add_renormalised", "rotate_by", "rotate_to", "ablate", "low_rank", "last_block_add_renormalised", "all"]) cases.Add(model, name);
        return cases;
    }

    [SkippableTheory]
    [MemberData(nameof(Interventions))]
    public void The_gradient_through_interventions_is_that_of_torch(string model, string name)
    {
        string folder = Repository.Shared("golden", "methods", "gradients");
        using var stored = SafetensorsFile.Open(Path.Combine(folder, $"{model}.safetensors"));
        using var golden = new GoldenModel(model);
        using var facts = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, $"{model}.json")));
        double strength = facts.RootElement.GetProperty("add_strength").GetDouble(), degrees = facts.RootElement.GetProperty("degrees").GetDouble();
        int[] ids = [.. stored.ReadInt64s("ids").Select(id => (int)id)];
        int answer = (int)stored.ReadInt64s("answer_length")[0];
        float[] Vector(string tensor) => stored.ReadFloats(tensor);

        VectorUse Add(string site) => GoldenRecipe.Use(Operation.Add, strength, [site], ("", Vector("v"), 1)) with { Renormalise = Renormalise.Token };
        VectorUse Rotate(string site, OperationParameters how, double s) => GoldenRecipe.Use(Operation.Rotate, s, [site], ("b1", Vector("b1"), 1), ("b2", Vector("b2"), 1)) with { Parameters = how };
        var ablate = GoldenRecipe.Use(Operation.ScaleCoordinate, 1, ["resid_post.1"], ("", Vector("r"), 1));
        var lowRank = GoldenRecipe.Use(Operation.LowRank, 1, ["resid_post.0"], ("r", Vector("R"), 4), ("w", Vector("W"), 4), ("b", Vector("b"), 1));
        var rotateBy = Rotate("norm_mlp.2", new OperationParameters { Rotation = RotationMode.By }, degrees);
        VectorUse[] uses = name switch
        {
            "none" => [],
            "add_renormalised" => [Add("resid_post.1")],
            "last_block_add_renormalised" => [Add("resid_post.3")],
            "ablate" => [ablate],
            "low_rank" => [lowRank],
            "all" => [lowRank, Add("resid_post.1"), ablate, rotateBy],
            "rotate_by" => [rotateBy],
            _ => [Rotate("norm_attn.1", new OperationParameters { Rotation = RotationMode.To, ToDegrees = degrees }, 1)],
        };
        var sequence = new GradientSequence
        {
            Tokens = [.. ids],
            PromptLength = ids.Length,
            Plan = uses.Length == 0 ? InterventionPlan.Empty : GoldenRecipe.Compile(golden.Sites, ids.Length, uses),
            Targets = [.. Enumerable.Range(ids.Length - answer, answer).Select(position => new GradientTarget(position - 1, ids[position]))],
        };

        var result = Run(golden.Model, sequence);

        Assert.Equal(stored.ReadFloats($"{name}.value")[0], result.Value, 1e-4);
        AssertClose(stored.ReadFloats($"{name}.gradient.embed"), result.Embed, 1e-5);
        for (int i = 0; i < 4; i++) AssertClose(stored.ReadFloats($"{name}.gradient.resid_pre.{i}"), result.Received[i], 1e-5);
    }

    /// <summary>What there is no stored number for: several edits of a row, and sites off the residual stream. Differences of an f32 model are good to about 1e-3.</summary>
    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    [InlineData("gpt-neox")]
    [InlineData("olmo2")]
    public void The_gradient_through_edits_at_every_site_agrees_with_differences(string name)
    {
        using var golden = new GoldenModel(name);
        int[] ids = golden.Ids()[..9];
        var random = new Random(5);
        var uses = new List<VectorUse>();
        foreach (string site in (string[])["embed", "resid_pre.1", "norm_attn.1", "head_in.1", "attn_out.2", "norm_mlp.2", "mlp_gate.1", "mlp_act.2", "mlp_out.0", "resid_post.2", "final_norm"])
        {
            Assert.True(Site.TryParse(site, out var parsed));
            if (!golden.Sites.Exists(parsed)) continue;
            var direction = Enumerable.Range(0, golden.Sites.Width(parsed)).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();
            uses.Add(GoldenRecipe.Use(Operation.ScaleCoordinate, 0.7, [site], ("", direction, 1)));
            uses.Add(GoldenRecipe.Use(Operation.Add, 0.3, [site], ("", direction, 1)) with { Renormalise = Renormalise.Token });
        }
        var sequence = new GradientSequence { Tokens = [.. ids], PromptLength = ids.Length, Plan = GoldenRecipe.Compile(golden.Sites, ids.Length, [.. uses]), Targets = [new GradientTarget(6, 17), new GradientTarget(8, 5, -2)] };

        AssertFiniteDifferences(golden.Model, sequence, Run(golden.Model, sequence).Embed);
    }

    [Fact]
    public void Sequences_of_a_batch_have_the_bits_they_have_alone()
    {
        using var golden = new GoldenModel("gemma2");
        int[] ids = golden.Ids();
        GradientSequence[] sequences = [.. Enumerable.Range(1, 5).Select(i => new GradientSequence { Tokens = [.. ids[..(4 * i)]], PromptLength = 4 * i, Targets = [new GradientTarget(4 * i - 1, i)] })];
        using var gradient = golden.Model.CreateGradient(80);
        using var arena = new Arena();
        TensorView embeddings = arena.Matrix(60, golden.Sites.HiddenWidth), together = arena.Matrix(60, golden.Sites.HiddenWidth);
        gradient.Embed(embeddings, [.. sequences.SelectMany(s => s.Tokens)]);

        double[] values = gradient.Run(sequences, embeddings, together);

        int first = 0;
        foreach (var (sequence, value) in sequences.Zip(values))
        {
            var alone = Run(golden.Model, sequence);
            Assert.Equal(alone.Value, value);
            Assert.Equal(alone.Embed, Flat(together, first, sequence.Tokens.Length));
            first += sequence.Tokens.Length;
        }
    }

    [Theory]
    [InlineData("mixtral")]
    [InlineData("qwen3-moe")]
    public void A_family_without_gradients_refuses_by_name(string name)
    {
        using var golden = new GoldenModel(name);
        var error = Assert.Throws<NotSupportedException>(() => golden.Model.CreateGradient(8));
        Assert.Contains(golden.Model.Config.Shape.ModelType, error.Message);
        Assert.Equal(error.Message, golden.Model.WhyNoGradients);
    }

    private sealed record Result(double Value, float[] Embed, float[][] Received);

    private static Result Run(LoadedModel model, GradientSequence sequence)
    {
        using var gradient = model.CreateGradient(sequence.Tokens.Length);
        using var arena = new Arena();
        TensorView embeddings = arena.Matrix(sequence.Tokens.Length, model.Sites.HiddenWidth), result = arena.Matrix(sequence.Tokens.Length, model.Sites.HiddenWidth);
        gradient.Embed(embeddings, sequence.Tokens.AsSpan());
        var received = new float[model.Config.Shape.Blocks][];
        double value = gradient.Run([sequence], embeddings, result, (block, rows) => received[block] = Flat(rows, 0, rows.Rows))[0];
        return new Result(value, Flat(result, 0, result.Rows), received);
    }

    private static float[] Flat(TensorView rows, int first, int count) => [.. Enumerable.Range(first, count).SelectMany(i => rows.Row(i).ToArray())];

    private static void AssertClose(float[] expected, float[] actual, double bound)
    {
        var (error, at) = GoldenModel.LargestDifference(expected, actual);
        double largest = expected.Max(v => Math.Abs((double)v));
        Assert.True(error <= bound * largest, $"largest difference {error / largest:g3} of the largest entry, at {at}; allowed {bound:g3}");
    }

    private static void AssertFiniteDifferences(LoadedModel model, GradientSequence sequence, float[] expected)
    {
        int width = model.Sites.HiddenWidth;
        using var gradient = model.CreateGradient(sequence.Tokens.Length);
        using var arena = new Arena();
        var embeddings = arena.Matrix(sequence.Tokens.Length, width);
        gradient.Embed(embeddings, sequence.Tokens.AsSpan());
        double largest = expected.Max(v => Math.Abs((double)v));
        for (int i = 0; i < expected.Length; i += 7)
        {
            ref float value = ref embeddings.Row(i / width)[i % width];
            float before = value, step = 4e-3f;
            value = before + step;
            double up = gradient.Run([sequence], embeddings, default)[0];
            value = before - step;
            double down = gradient.Run([sequence], embeddings, default)[0];
            value = before;
            Assert.Equal(expected[i], (up - down) / (2 * (double)step), 1e-3 * largest + 2e-4);
        }
    }
}
