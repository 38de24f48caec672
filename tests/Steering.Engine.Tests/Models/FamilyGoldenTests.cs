using System.Globalization;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;

namespace Steering.Tests.Models;

/// <summary>Agreement with transformers on the tiny models of tests/Golden/models, one or more of every family, from both forms of configuration; bound 1e-4 (f32 compute).</summary>
public sealed class FamilyGoldenTests
{
    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (string model in GoldenModel.Names)
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
        AssertGreedy(golden, golden.Ids("greedy"), null);
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
        Assert.Equal(golden.Reference.Tensors.Keys.Count(name => Site.TryParse(name, out _)), compared);
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
            AssertGreedy(golden, golden.Ids($"steer.{run}.greedy"), plan);
        }
    }

    // The reference recomputes without a cache; past longrope's original context that changes the frequencies of what went before, which a request never does (docs/decisions.md 8).
    private static void AssertGreedy(GoldenModel golden, int[] expected, InterventionPlan? plan)
    {
        int comparable = golden.Model.Config.Shape.RopeScaling is RopeScaling.LongRope rope ? rope.OriginalMaxPositions - golden.Ids().Length : expected.Length;
        Assert.Equal(expected[..comparable], golden.Greedy(golden.Ids(), comparable, plan));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_site_of_a_sound_model_passes_the_self_test_and_those_it_lacks_are_refused_by_name(string name, string configuration)
    {
        using var golden = new GoldenModel(name, configuration);
        var sites = golden.Sites;
        foreach (var site in Enumerable.Range(0, sites.Count).Select(sites.SiteAt).Where(site => site.Point != SitePoint.MlpGate))
        {
            bool isThere = golden.Reference.Tensors.ContainsKey(site.ToString());
            Assert.Equal(isThere, sites.Exists(site));
            if (!isThere) Assert.Contains($"{site} is not available in this model: ", sites.WhyNot(site), StringComparison.Ordinal);
        }
        foreach (int block in Enumerable.Range(0, sites.Blocks))
        {
            var gate = new Site(SitePoint.MlpGate, block);
            bool isGated = name is not ("gpt2" or "gpt-neox") && sites.Exists(new Site(SitePoint.MlpAct, block));
            Assert.Equal(isGated, sites.Exists(gate));
        }
    }

    [Theory]
    [MemberData(nameof(Chunks))]
    public void Chunked_prefill_has_the_bits_of_whole_prefill_steered_or_not(string name, int chunk)
    {
        using var golden = new GoldenModel(name);
        int[] ids = golden.Ids("long.input_ids");
        var plan = GoldenModel.Edit(new Site(SitePoint.AttnOut, 1), Operation.Rotate, 30, golden.Sites.HiddenWidth, [.. golden.Numbers("steer.b1"), .. golden.Numbers("steer.b2")], perStrength: Math.PI / 180);

        Assert.Equal(golden.Logits(ids), golden.Logits(ids, null, chunk));
        Assert.Equal(golden.Logits(ids, plan), golden.Logits(ids, plan, chunk));
    }

    public static TheoryData<string, int> Chunks()
    {
        var cases = new TheoryData<string, int>();
        foreach (string model in GoldenModel.Names)
            foreach (int chunk in (int[])[1, 7, 64]) cases.Add(model, chunk);
        return cases;
    }

    [SkippableTheory]
    [MemberData(nameof(Backends))]
    public void Kernels_and_thread_counts_do_not_change_a_bit(string name, string? kernels, int threads)
    {
        using var reference = new GoldenModel(name);
        GoldenModel other;
        try
        {
            other = new GoldenModel(name, kernels: kernels, threads: threads);
        }
        catch (PlatformNotSupportedException e)
        {
            Skip.If(true, e.Message);
            return;
        }
        using (other) Assert.Equal(reference.Logits(reference.Ids("long.input_ids")), other.Logits(other.Ids("long.input_ids")));
    }

    public static TheoryData<string, string?, int> Backends()
    {
        var cases = new TheoryData<string, string?, int>();
        foreach (string model in GoldenModel.Names)
            foreach (var (kernels, threads) in ((string?, int)[])[("avx2", 2), ("portable", 2), (null, 1), (null, 3)]) cases.Add(model, kernels, threads);
        return cases;
    }
}
