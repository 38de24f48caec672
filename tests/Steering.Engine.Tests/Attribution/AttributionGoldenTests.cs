using System.Collections.Immutable;
using System.Text.Json;
using Steering.Engine.Attribution;
using Steering.Engine.Gradients;
using Steering.Engine.Loading;
using Steering.Engine.Running;
using Steering.Tests.Models;

namespace Steering.Tests.Attribution;

/// <summary>Integrated gradients against captum's numbers (golden/methods/grains, in float64) and on a real model (golden/smollm2).</summary>
public sealed class AttributionGoldenTests
{
    public static TheoryData<string, string, AttributionBaseline, AttributionRule, int> Rules()
    {
        var cases = new TheoryData<string, string, AttributionBaseline, AttributionRule, int>();
        foreach (string model in (string[])["llama", "qwen3", "gemma2"])
        {
            cases.Add(model, "zero.gauss_legendre_20", AttributionBaseline.Zero, AttributionRule.GaussLegendre, 20);
            cases.Add(model, "zero.midpoint_50", AttributionBaseline.Zero, AttributionRule.Midpoint, 50);
            foreach (var (name, baseline) in new[] { ("pad", AttributionBaseline.Pad), ("mean", AttributionBaseline.Mean) })
            {
                cases.Add(model, $"{name}.gauss_legendre_20", baseline, AttributionRule.GaussLegendre, 20);
                cases.Add(model, $"{name}.trapezoid_50", baseline, AttributionRule.Trapezoid, 50);
            }
        }
        return cases;
    }

    [SkippableTheory]
    [MemberData(nameof(Rules))]
    public void Scores_of_all_examples_are_those_of_the_reference(string model, string rule, AttributionBaseline baseline, AttributionRule points, int count)
    {
        using var stored = SafetensorsFile.Open(Repository.Shared("golden", "methods", "grains", $"{model}.safetensors"));
        using var golden = new GoldenModel(model);
        using var attributor = new Attributor(golden.Model, 64);
        foreach (var (name, sequence) in Examples(stored))
        {
            var result = attributor.Attribute(sequence, new AttributionOptions { Baseline = baseline, Rule = points, Points = count });

            Assert.Equal(stored.ReadFloats($"{name}.F")[0], result.Value, 1e-4);
            Assert.Equal(stored.ReadFloats($"{name}.F.{rule.Split('.')[0]}")[0], result.BaselineValue, 1e-4);
            AssertClose(stored.ReadFloats($"{name}.scores.{rule}"), result.Scores, 1e-4);
            Assert.Equal(result.Sum - (result.Value - result.BaselineValue), result.CompletenessError);
        }
    }

    [SkippableTheory]
    [InlineData("llama")]
    [InlineData("qwen3")]
    [InlineData("gemma2")]
    public void The_released_codes_objective_is_there_too(string model)
    {
        using var stored = SafetensorsFile.Open(Repository.Shared("golden", "methods", "grains", $"{model}.safetensors"));
        using var golden = new GoldenModel(model);
        using var attributor = new Attributor(golden.Model, 64);
        foreach (var (name, sequence) in Examples(stored))
        {
            int last = sequence.Tokens.Length - 1;
            var literal = sequence with { Targets = [new GradientTarget(last, sequence.Tokens[last], sequence.Targets[0].Weight)] };

            var result = attributor.Attribute(literal, new AttributionOptions { Baseline = AttributionBaseline.Zero, Rule = AttributionRule.GaussLegendre, Points = 20 });

            Assert.Equal(stored.ReadFloats($"{name}.literal.F")[0], result.Value, 1e-4);
            AssertClose(stored.ReadFloats($"{name}.literal.scores"), result.Scores, 1e-4);
        }
    }

    [SkippableTheory]
    [InlineData(AttributionBaseline.Pad)]
    [InlineData(AttributionBaseline.Mean)]
    public void The_adaptive_rule_adds_points_until_the_scores_add_up(AttributionBaseline baseline)
    {
        foreach (string model in (string[])["llama", "qwen3", "gemma2"])
        {
            using var stored = SafetensorsFile.Open(Repository.Shared("golden", "methods", "grains", $"{model}.safetensors"));
            using var golden = new GoldenModel(model);
            using var attributor = new Attributor(golden.Model, 64);
            foreach (var (_, sequence) in Examples(stored))
            {
                var coarse = attributor.Attribute(sequence, new AttributionOptions { Baseline = baseline, Tolerance = 0.05, Budget = 2000 });
                var fine = attributor.Attribute(sequence, new AttributionOptions { Baseline = baseline, Tolerance = 1e-3, Budget = 2000 });

                Assert.True(coarse.IsWithinTolerance);
                Assert.True(Math.Abs(coarse.CompletenessError) <= 0.05 * Math.Abs(coarse.Value - coarse.BaselineValue));
                Assert.True(fine.IsWithinTolerance);
                Assert.True(Math.Abs(fine.CompletenessError) <= 1e-3 * Math.Abs(fine.Value - fine.BaselineValue));
                Assert.True(fine.Gradients >= coarse.Gradients);
            }
        }
    }

    [SkippableFact]
    public void On_a_real_model_twenty_points_do_not_add_up_and_the_adaptive_rule_does()
    {
        string folder = Repository.Shared("golden", "smollm2");
        using var reference = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        using var facts = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "texts.json")));
        using var model = LoadedModel.Load(Path.Combine(Repository.Shared("data", "smollm2"), "SmolLM2-135M-Instruct.Q4_1.gguf"), new LoadOptions());
        using var attributor = new Attributor(model, 64);
        var fact = facts.RootElement.GetProperty("truth.0.preferred");
        int[] ids = [.. reference.ReadInt64s("truth.0.preferred.ids").Select(id => (int)id)];
        int prompt = model.Tokenizer.Encode(fact.GetProperty("prompt").GetString()!, new()).Ids.Length, pad = model.Config.EosTokenIds[0];
        var sequence = new GradientSequence { Tokens = [.. ids], PromptLength = ids.Length, Targets = [.. Enumerable.Range(prompt, ids.Length - prompt).Select(at => new GradientTarget(at - 1, ids[at]))] };

        var twenty = attributor.Attribute(sequence, new AttributionOptions { Baseline = AttributionBaseline.Pad, Rule = AttributionRule.GaussLegendre, PadToken = pad });
        var adaptive = attributor.Attribute(sequence, new AttributionOptions { Baseline = AttributionBaseline.Pad, PadToken = pad });

        Assert.Equal(fact.GetProperty("pad").GetProperty("delta").GetDouble(), twenty.Value - twenty.BaselineValue, 0.05);
        AssertClose(reference.ReadFloats("truth.0.preferred.scores.pad"), twenty.Scores, 5e-3);
        Assert.True(Math.Abs(twenty.CompletenessError) > 0.05 * Math.Abs(twenty.Value - twenty.BaselineValue));
        Assert.True(adaptive.IsWithinTolerance);
        Assert.True(Math.Abs(adaptive.CompletenessError) <= 0.05 * Math.Abs(adaptive.Value - adaptive.BaselineValue));
    }

    /// <summary>Six examples with both answers; the objective of the dispreferred one counts negatively.</summary>
    private static IEnumerable<(string Name, GradientSequence Sequence)> Examples(SafetensorsFile stored)
    {
        for (int example = 0; example < 6; example++)
        {
            foreach (var (side, sign) in new[] { ("plus", 1), ("minus", -1) })
            {
                ImmutableArray<int> ids = [.. stored.ReadInt64s($"ex{example}.{side}.ids").Select(id => (int)id)];
                int answer = (int)stored.ReadInt64s($"ex{example}.{side}.answer_length")[0];
                yield return ($"ex{example}.{side}", new GradientSequence
                {
                    Tokens = ids,
                    PromptLength = ids.Length,
                    Targets = [.. Enumerable.Range(ids.Length - answer, answer).Select(at => new GradientTarget(at - 1, ids[at], sign))],
                });
            }
        }
    }

    private static void AssertClose(float[] expected, double[] actual, double bound)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Max(v => Math.Abs((double)v));
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], bound * largest);
    }
}
