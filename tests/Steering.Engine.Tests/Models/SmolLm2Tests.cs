using System.Text.Json;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Running;
using Steering.Engine.Tokenization;

namespace Steering.Tests.Models;

/// <summary>
/// A real instruction model as people have it: SmolLM2-135M-Instruct in one Q4_1 GGUF file, against transformers on its dequantised weights. Bounds of golden/README.md: ids identical, states and
/// logits within 2e-3 x max(1, RMS of the row), greedy text equal up to the first step whose two best logits are within 0.02.
/// </summary>
public sealed class SmolLm2Tests(SmolLm2Tests.Loaded loaded) : IClassFixture<SmolLm2Tests.Loaded>
{
    private const double Bound = 2e-3, Tie = 0.02;

    /// <summary>The model, loaded once.</summary>
    public sealed class Loaded : IDisposable
    {
        private GoldenModel? _model;

        internal GoldenModel Model => _model ??= new GoldenModel(
            LoadedModel.Load(Path.Combine(Repository.Shared("data", "smollm2"), "SmolLM2-135M-Instruct.Q4_1.gguf"), new LoadOptions()),
            SafetensorsFile.Open(Path.Combine(Repository.Shared("golden", "smollm2"), "golden.safetensors")));

        public void Dispose() => _model?.Dispose();
    }

    public static TheoryData<string> Prompts() => ["capital", "story", "plain", "code", "unicode"];

    private static JsonElement Texts() => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Shared("golden", "smollm2"), "texts.json"))).RootElement;

    [SkippableTheory]
    [MemberData(nameof(Prompts))]
    public void Tokens_states_and_logits_agree(string name)
    {
        var golden = loaded.Model;
        int[] ids = golden.Ids($"{name}.ids");
        Assert.Equal(ids, golden.Model.Tokenizer.Encode(Texts().GetProperty(name).GetProperty("prompt").GetString()!, new EncodeOptions()).Ids);

        using var arena = new Arena();
        Site[] sites = [.. golden.Sites.All.Where(site => golden.Reference.Tensors.ContainsKey($"{name}.{site}"))];
        var captures = sites.Select(site => new CaptureRequest(site, 0, arena.Matrix(ids.Length, golden.Sites.HiddenWidth))).ToArray();
        float[] logits = golden.Logits(ids, null, int.MaxValue, captures);

        AssertNear("logits", golden.Numbers($"{name}.logits.last"), logits.AsSpan(^golden.Vocabulary..));
        Assert.NotEmpty(captures);
        foreach (var capture in captures)
        {
            float[] expected = golden.Numbers($"{name}.{capture.Site}");
            int width = golden.Sites.HiddenWidth;
            for (int row = 0; row < ids.Length; row++) AssertNear($"{capture.Site}, token {row}", expected.AsSpan(row * width, width), capture.Destination.Row(row));
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Prompts))]
    public void Greedy_text_agrees(string name)
    {
        var golden = loaded.Model;
        AssertGreedy(golden, golden.Ids($"{name}.ids"), golden.Ids($"{name}.greedy"), null);
    }

    [SkippableTheory]
    [InlineData("-4.0", -4)]
    [InlineData("-2.0", -2)]
    [InlineData("+0.0", 0)]
    [InlineData("+2.0", 2)]
    [InlineData("+4.0", 4)]
    public void Steered_greedy_text_agrees(string name, double strength)
    {
        var golden = loaded.Model;
        int width = golden.Sites.HiddenWidth;
        float[] differences = golden.Numbers("happy.mean_difference");
        var uses = Enumerable.Range(10, 10).Select(block => GoldenRecipe.Use(Operation.Add, 0.4 * strength, [$"resid_post.{block}"], ("", differences[(block * width)..((block + 1) * width)], 1)));
        int[] ids = golden.Ids("happy.ids");

        AssertGreedy(golden, ids, golden.Ids($"happy.greedy.{name}"), GoldenRecipe.Compile(golden.Sites, ids.Length, [.. uses]));
    }

    [SkippableFact]
    public void It_is_served_from_its_one_file_with_template_and_settings()
    {
        var model = loaded.Model.Model;

        Assert.Equal("SmolLM2-135M-Instruct.Q4_1", model.Name);
        Assert.True(model.Config.Shape is { ModelType: "llama", Blocks: 30, HiddenSize: 576, Heads: 9, KeyValueHeads: 3, VocabularySize: 49152, MaxPositions: 8192, TieWordEmbeddings: true });
        Assert.Equal<int>([2], model.Config.EosTokenIds);
        Assert.Equal("<|im_end|>", model.Config.Tokenizer.EosToken);
        Assert.NotNull(model.Template);
        Assert.Equal(DType.Int4, model.WeightType);
        Assert.Equal(model.Sites.Count, model.Sites.All.Length);
    }

    private static void AssertGreedy(GoldenModel golden, int[] prompt, int[] expected, InterventionPlan? plan)
    {
        int[] actual = golden.Greedy(prompt, expected.Length, plan);
        int same = expected.Zip(actual).TakeWhile(pair => pair.First == pair.Second).Count();
        if (same == expected.Length) return;
        // Where they part, the two best must be a tie by the reference's own bound.
        float[] logits = golden.Logits([.. prompt, .. expected[..same]], plan);
        float[] last = [.. logits.AsSpan(^golden.Vocabulary..)];
        Array.Sort(last);
        Assert.True(last[^1] - last[^2] < Tie, $"differs at step {same} of {expected.Length}, where the best is {last[^1] - last[^2]:g3} ahead");
    }

    private static void AssertNear(string what, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double squares = 0;
        foreach (float value in expected) squares += (double)value * value;
        GoldenModel.AssertClose(what, expected, actual, Bound * Math.Max(1, Math.Sqrt(squares / expected.Length)));
    }
}
