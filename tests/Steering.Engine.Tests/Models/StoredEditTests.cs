using System.Text.Json;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;

namespace Steering.Tests.Models;

/// <summary>
/// The edits of golden/methods that the operations express, made with torch in float64 on the tiny Llama, through the compiler and the kernel. Directions and sites are taken from the
/// reference files: extraction belongs to the methods, application to the engine. Bound 1e-4 on logits.
/// </summary>
public sealed class StoredEditTests
{
    private static readonly string[] Blocks = ["0", "1", "2", "3"];

    private static void Check(string method, Func<SafetensorsFile, SiteTable, Dictionary<string, VectorUse[]>> runs)
    {
        string folder = Repository.Shared("golden", "methods", "others");
        using var golden = new GoldenModel("llama");
        using var file = SafetensorsFile.Open(Path.Combine(folder, $"{method}.safetensors"));
        using var prompt = SafetensorsFile.Open(Path.Combine(folder, "prompt.safetensors"));
        int[] ids = [.. prompt.ReadInt64s("ids").Select(id => (int)id)];
        foreach (var (tensor, uses) in runs(file, golden.Sites))
        {
            var logits = golden.Logits(ids, GoldenRecipe.Compile(golden.Sites, ids.Length, uses));
            GoldenModel.AssertClose($"{method} {tensor}", file.ReadFloats(tensor), logits);
        }
    }

    private static IEnumerable<string> Everywhere(params string[] points) => points.SelectMany(point => Blocks.Select(block => $"{point}.{block}"));

    [SkippableFact]
    public void Refusal_direction_ablation_and_addition() => Check("refusal_direction", (file, _) =>
    {
        (string, float[], int) unit = ("", file.ReadFloats("r_unit"), 1), raw = ("", file.ReadFloats("r"), 1);
        string[] written = ["embed", .. Everywhere("attn_out", "mlp_out")];
        return new()
        {
            ["ablated.logits"] = [GoldenRecipe.Use(Operation.ScaleCoordinate, 1, written, unit)],
            ["half_ablated.logits"] = [GoldenRecipe.Use(Operation.ScaleCoordinate, 0.5, written, unit)],
            ["ablated_resid_pre.logits"] = [GoldenRecipe.Use(Operation.ScaleCoordinate, 1, Everywhere("resid_pre"), unit)],
            ["added.logits"] = [GoldenRecipe.Use(Operation.Add, 1, ["resid_pre.2"], raw)],
            ["subtracted.logits"] = [GoldenRecipe.Use(Operation.Add, -1, ["resid_pre.2"], raw)],
        };
    });

    [SkippableFact]
    public void Affine_concept_editing_sets_a_coordinate() => Check("ace", (file, _) =>
    {
        float[] r = file.ReadFloats("r"), mu = file.ReadFloats("mu_harmless");
        double norm = Math.Sqrt(r.Sum(x => (double)x * x)), centre = r.Zip(mu, (a, b) => (double)a * b).Sum() / norm;
        return new[] { ("a_0", 0.0), ("a_0.5", 0.5), ("a_1", 1.0) }.ToDictionary(
            run => $"{run.Item1}.logits",
            run => new[] { GoldenRecipe.Use(Operation.SetCoordinate, 1, ["resid_pre.2"], ("", r, 1)) with { Parameters = new() { Value = centre + run.Item2 * norm } } });
    });

    [SkippableFact]
    public void Concept_das_clamps_all_positions_but_the_first() => Check("cdas", (file, _) =>
        new[] { -2.0, 0, 3 }.ToDictionary(
            m => $"m_{m}.logits",
            m => new[]
            {
                GoldenRecipe.Use(Operation.SetCoordinate, 1, ["resid_post.1"], ("", file.ReadFloats("v"), 1)) with
                {
                    Parameters = new() { Value = m * file.ReadFloats("factor")[0] },
                    Apply = new PositionRule { ExcludeFirst = 1 },
                },
            }));

    [SkippableFact]
    public void AxBench_addition_and_rectified_clamping() => Check("axbench", (file, _) => new()
    {
        ["addition.logits"] = [GoldenRecipe.Use(Operation.Add, 0.8 * 4.5, ["resid_post.1"], ("", file.ReadFloats("w"), 1))],
        ["clamping.logits"] =
        [
            GoldenRecipe.Use(Operation.SetCoordinate, 1, ["resid_post.1"], ("", file.ReadFloats("w"), 1)) with
            {
                Parameters = new() { Value = 0.8 * 4.5, Relu = true },
                Apply = new PositionRule { ExcludeFirst = 1 },
            },
        ],
    });

    [SkippableFact]
    public void Inference_time_intervention_adds_at_the_heads() => Check("iti", (file, _) =>
    {
        var use = GoldenRecipe.Use(Operation.Add, 15, ["head_in.2"], ("", file.ReadFloats("vector"), 1));
        return new()
        {
            ["all.logits"] = [use],
            ["last.logits"] = [use with { Apply = new PositionRule { Prompt = true, PromptWindow = (-1, null) } }],
        };
    });

    [SkippableFact]
    public void Snmf_adds_at_the_mlp_activations() => Check("snmf", (file, _) => new()
    {
        ["logits"] = [GoldenRecipe.Use(Operation.Add, 5, ["mlp_act.1"], ("", file.ReadFloats("u"), 1))],
    });

    [SkippableFact]
    public void Brain_axes_add_at_a_block_output() => Check("brain_axes", (file, _) => new()
    {
        ["logits"] = [GoldenRecipe.Use(Operation.Add, 2, ["resid_post.1"], ("", file.ReadFloats("v"), 1))],
    });

    [SkippableFact]
    public void Lape_adds_to_the_gates_of_a_languages_neurons() => Check("lape", (file, sites) =>
    {
        // Neurons of language 1: every selected one that belongs to it gets four times its mean activation there.
        const int language = 1;
        var selected = file.ReadInt64s("selected");
        var belongs = file.Bytes(file.Require("belongs")).ToArray();
        var mean = file.ReadFloats("mean_activation");
        int width = sites.MlpWidth;
        var perBlock = new Dictionary<int, float[]>();
        for (int i = 0; i < selected.Length / 2; i++)
        {
            if (belongs[i * 3 + language] == 0) continue;
            int block = (int)selected[2 * i], neuron = (int)selected[2 * i + 1];
            if (!perBlock.TryGetValue(block, out var vector)) perBlock[block] = vector = new float[width];
            vector[neuron] = mean[(block * width + neuron) * 3 + language];
        }
        return new() { ["logits"] = [.. perBlock.Select(b => GoldenRecipe.Use(Operation.Add, 4, [$"mlp_gate.{b.Key}"], ("", b.Value, 1)))] };
    });

    [SkippableFact]
    public void Householder_reflection_is_scaling_a_coordinate_twice() => Check("householder", (file, _) => new()
    {
        ["a_0.5.logits"] = [GoldenRecipe.Use(Operation.ScaleCoordinate, 1, ["resid_post.1"], ("", file.ReadFloats("v"), 1))],
        ["a_1.logits"] = [GoldenRecipe.Use(Operation.ScaleCoordinate, 2, ["resid_post.1"], ("", file.ReadFloats("v"), 1))],
    });

    [SkippableFact]
    public void Projection_boost() => Check("projection_boost", (file, _) => new()
    {
        ["logits"] = [GoldenRecipe.Use(Operation.ProjectBoost, 5, ["resid_post.1"], ("u", file.ReadFloats("U"), 6))],
    });

    [SkippableFact]
    public void LoReFT_replaces_the_part_in_a_subspace_by_a_map() => Check("loreft", (file, _) =>
    {
        var use = GoldenRecipe.Use(Operation.LowRank, 1, ["resid_post.1"], ("r", file.ReadFloats("R"), 4), ("w", file.ReadFloats("W"), 4), ("b", file.ReadFloats("b"), 1));
        return new()
        {
            ["all.logits"] = [use],
            ["first2_last2.logits"] = [use with { Apply = new PositionRule { Spans = [(0, 2), (-2, null)] } }],
        };
    });

    [SkippableFact]
    public void ActAdd_adds_one_row_per_leading_position() => Check("actadd", (file, _) =>
    {
        // Both prompts begin with the same token, so the first row is zero: no direction, and nothing to add.
        var rows = file.ReadFloats("matrix").Chunk(48).Index().Where(row => row.Item.Any(x => x != 0));
        return new()
        {
            ["logits"] =
            [
                .. rows.Select(row => GoldenRecipe.Use(Operation.Add, 3, ["resid_pre.2"], ("", row.Item, 1)) with
                {
                    Apply = new PositionRule { Spans = [(row.Index, row.Index + 1)], Generation = GenerationPhase.None },
                }),
            ],
        };
    });

    [SkippableFact]
    public void Cast_adds_at_two_blocks_once_its_condition_is_met() => Check("cast", (file, _) => new()
    {
        ["steered.logits"] = [GoldenRecipe.Use(Operation.Add, 3, ["resid_pre.2", "resid_pre.3"], ("", file.ReadFloats("vector"), 1))],
    });

    [SkippableFact]
    public void Entity_latents_add_a_dictionary_row_at_a_span() => Check("dictionary_edits", (file, _) =>
    {
        string weights = Repository.Shared("golden", "methods", "dictionaries", "sae_lens", "jumprelu.none.b_dec_0", "sae_weights.safetensors");
        using var dictionary = SafetensorsFile.Open(weights);
        var row = dictionary.ReadFloats("W_dec").Chunk(48).ElementAt((int)file.ReadInt64s("feature")[0]);
        double norm = Math.Sqrt(row.Sum(x => (double)x * x));
        var use = GoldenRecipe.Use(Operation.Add, 6, ["resid_post.1"], ("", row, 1)) with { Apply = new PositionRule { Spans = [(3, 6)], Generation = GenerationPhase.None } };
        return new()
        {
            ["entity_absolute.logits"] = [use],
            // The unit is along v / |v|, the reference multiplies the row itself by |h|.
            ["entity_norm.logits"] = [use with { Strength = norm, Unit = StrengthUnit.TokenNorm }],
        };
    });

    [SkippableFact]
    public void Selective_and_angular_steering_rotate_by_and_to_an_angle()
    {
        string folder = Repository.Shared("golden", "methods", "selective");
        using var golden = new GoldenModel("llama");
        using var file = SafetensorsFile.Open(Path.Combine(folder, "llama.safetensors"));
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "llama.json")));
        int[] ids = [.. file.ReadInt64s("apply.ids").Select(id => (int)id)];
        string[] Mask(string name) => [.. json.RootElement.GetProperty("masks").GetProperty(name).EnumerateArray().Select(e => e.GetString()!)];
        string[] all = [.. json.RootElement.GetProperty("modules").EnumerateArray().Select(e => e.GetString()!)];
        (string, float[], int)[] plane = [("b1", file.ReadFloats("plane.b1"), 1), ("b2", file.ReadFloats("plane.b2"), 1)];

        float[] Run(VectorUse use) => golden.Logits(ids, GoldenRecipe.Compile(golden.Sites, ids.Length, use));
        VectorUse By(double degrees, string[] sites) => GoldenRecipe.Use(Operation.Rotate, degrees, sites, plane);
        VectorUse To(double degrees) => GoldenRecipe.Use(Operation.Rotate, 1, all, plane) with { Parameters = new() { Rotation = RotationMode.To, ToDegrees = degrees } };

        string[] block = Mask("unit_norm_whole_block");
        foreach (int degrees in (int[])[0, 40, 200])
        {
            GoldenModel.AssertClose($"selective {degrees}", file.ReadFloats($"apply.selective.{degrees}.logits"), Run(By(degrees, block)));
            GoldenModel.AssertClose($"angular {degrees}", file.ReadFloats($"apply.angular.{degrees}.logits"), Run(To(degrees)));
        }
        GoldenModel.AssertClose("paper's mask", file.ReadFloats("apply.selective_paper_mask.40.logits"), Run(By(40, Mask("paper"))));
        for (int i = 0; i < 36; i++)
        {
            Range row = (i * golden.Vocabulary)..((i + 1) * golden.Vocabulary);
            GoldenModel.AssertClose($"selective sweep {10 * i}", file.ReadFloats("apply.selective.sweep.last_logits").AsSpan(row), Run(By(10 * i, block)).AsSpan(^golden.Vocabulary..));
            GoldenModel.AssertClose($"angular sweep {10 * i}", file.ReadFloats("apply.angular.sweep.last_logits").AsSpan(row), Run(To(10 * i)).AsSpan(^golden.Vocabulary..));
        }
    }
}
