using System.Globalization;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;

namespace Steering.Tests.Models;

/// <summary>Agreement with transformers on the tiny Llama models of tests/Golden/models, from both forms of configuration; bound 1e-4 (f32 compute).</summary>
public sealed class LlamaGoldenTests
{
    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (string model in (string[])["llama", "llama-3.1-rope", "llama-linear-rope-bias", "llama-wide-heads"])
            foreach (string configuration in (string[])["config.json", "config.hub.json"]) cases.Add(model, configuration);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_and_greedy_continuation_agree(string name, string configuration)
    {
        using var golden = new GoldenModel(name, configuration);
        GoldenModel.AssertClose("logits", golden.Numbers("logits"), golden.Logits(golden.Ids()));

        var all = golden.Logits(golden.Ids("long.input_ids"));
        GoldenModel.AssertClose("long.logits", golden.Numbers("long.logits"), all.AsSpan(^golden.Numbers("long.logits").Length..));
        Assert.Equal(golden.Ids("greedy"), golden.Greedy(golden.Ids(), 12));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_site_agrees(string name, string configuration)
    {
        using var golden = new GoldenModel(name, configuration);
        using var arena = new Arena();
        int[] ids = golden.Ids();
        var captures = golden.Sites.All.ToDictionary(site => site, site => arena.Matrix(ids.Length, golden.Sites.Width(site)));
        golden.Logits(ids, null, int.MaxValue, [.. captures.Select(c => new CaptureRequest(c.Key, 0, c.Value))]);

        int compared = 0;
        foreach (var (site, captured) in captures)
        {
            if (site.Point == SitePoint.MlpGate) continue; // the reference has no tensor for it; mlp_act = mlp_gate * up is compared, and LAPE's edit of it in StoredEditTests
            var rows = Enumerable.Range(0, ids.Length).SelectMany(i => captured.Row(i).ToArray()).ToArray();
            GoldenModel.AssertClose(site.ToString(), golden.Numbers(site.ToString()), rows);
            compared++;
        }
        Assert.Equal(2 + 8 * golden.Sites.Blocks, compared);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_steered_run_agrees(string name, string configuration)
    {
        using var golden = new GoldenModel(name, configuration);
        int[] ids = golden.Ids();
        int width = golden.Sites.HiddenWidth;
        var site = new Site(SitePoint.ResidPost, int.Parse(golden.Reference.Metadata["steer.layer"], CultureInfo.InvariantCulture));
        float[] v = golden.Numbers("steer.vector"), b1 = golden.Numbers("steer.b1"), b2 = golden.Numbers("steer.b2");
        var plans = new Dictionary<string, InterventionPlan>
        {
            ["add"] = GoldenModel.Edit(site, Operation.Add, 1.5, width, v),
            ["ablate"] = GoldenModel.Edit(site, Operation.ScaleCoordinate, 1, width, b1),
            ["rotate"] = GoldenModel.Edit(site, Operation.Rotate, 40, width, [.. b1, .. b2], perStrength: Math.PI / 180),
            ["renormalised_add"] = GoldenModel.Edit(site, Operation.Add, 1.5, width, v, Renormalise.Token),
        };
        foreach (var (run, plan) in plans)
        {
            GoldenModel.AssertClose($"steer.{run}.logits", golden.Numbers($"steer.{run}.logits"), golden.Logits(ids, plan));
            Assert.Equal(golden.Ids($"steer.{run}.greedy"), golden.Greedy(ids, 12, plan));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void Chunked_prefill_has_the_bits_of_whole_prefill_steered_or_not(int chunk)
    {
        using var golden = new GoldenModel("llama");
        int[] ids = golden.Ids("long.input_ids");
        var plan = GoldenModel.Edit(new Site(SitePoint.NormMlp, 1), Operation.Rotate, 30, golden.Sites.HiddenWidth, [.. golden.Numbers("steer.b1"), .. golden.Numbers("steer.b2")], perStrength: Math.PI / 180);

        Assert.Equal(golden.Logits(ids), golden.Logits(ids, null, chunk));
        Assert.Equal(golden.Logits(ids, plan), golden.Logits(ids, plan, chunk));
    }

    [SkippableTheory]
    [InlineData("avx2", 2)]
    [InlineData("portable", 2)]
    [InlineData(null, 1)]
    [InlineData(null, 3)]
    public void Kernels_and_thread_counts_do_not_change_a_bit(string? kernels, int threads)
    {
        using var reference = new GoldenModel("llama-wide-heads");
        GoldenModel other;
        try
        {
            other = new GoldenModel("llama-wide-heads", kernels: kernels, threads: threads);
        }
        catch (PlatformNotSupportedException e)
        {
            Skip.If(true, e.Message);
            return;
        }
        using (other) Assert.Equal(reference.Logits(reference.Ids()), other.Logits(other.Ids()));
    }
}
