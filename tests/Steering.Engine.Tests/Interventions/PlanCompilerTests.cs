using System.Collections.Immutable;
using Steering.Engine.Interventions;

namespace Steering.Tests.Interventions;

public class PlanCompilerTests
{
    [Fact]
    public void A_recipe_without_uses_is_the_empty_plan() => Assert.Same(InterventionPlan.Empty, Recipe.Compile());

    [Fact]
    public void Without_selectors_a_vector_acts_at_all_its_sites()
    {
        var plan = Recipe.Compile(Recipe.Use(Recipe.Vector("resid_post.4", "norm_mlp.2", "resid_post.1")));

        Assert.Equal(["resid_post.1", "norm_mlp.2", "resid_post.4"], plan.Edits.Select(edit => edit.Site.ToString()));
        Assert.Equal(["resid_post.1", "norm_mlp.2", "resid_post.4"], plan.Uses[0].Sites.Select(site => site.ToString()));
        Assert.Empty(plan.Warnings);
    }

    [Fact]
    public void Selectors_pick_among_a_vectors_sites()
    {
        var use = Recipe.Use(Recipe.Vector("resid_post.0", "resid_post.1", "resid_post.2", "resid_post.3")) with { Sites = Recipe.Select("resid_post.3", "resid_post.1-2") };

        Assert.Equal("resid_post.1-3", SiteRanges.Describe(Recipe.Compile(use).Edits.Select(edit => edit.Site)));
    }

    [Fact]
    public void A_site_selected_twice_is_edited_once_with_a_warning()
    {
        var plan = Recipe.Compile(Recipe.Use(Recipe.Vector("resid_post.0", "resid_post.1")) with { Sites = Recipe.Select("resid_post.1", "resid_post.0-1") });

        Assert.Equal(2, plan.Edits.Length);
        Assert.Equal("steering.use[0].sites[1]: resid_post.1 was selected before and is edited once", Assert.Single(plan.Warnings));
    }

    [Fact]
    public void A_vector_of_one_site_may_be_used_at_others_with_a_warning()
    {
        var plan = Recipe.Compile(Recipe.Use(Recipe.Vector("resid_post.3")) with { Sites = Recipe.Select("resid_post.2-4", "embed") });

        Assert.Equal(4, plan.Edits.Length);
        Assert.Single(plan.Edits.Select(edit => edit.Directions).Distinct());
        Assert.Equal(2, plan.Warnings.Length);
        Assert.StartsWith("steering.use[0].sites[0]: vector cheerful has a tensor at resid_post.3 only, which is used at resid_post.2, resid_post.4", plan.Warnings[0]);
    }

    [Fact]
    public void A_plane_of_one_site_may_be_used_at_every_norm() =>
        Assert.Equal(2 * Recipe.Blocks, Recipe.Compile(Recipe.RotateBy(40, "norm_attn.2") with { Sites = Recipe.Select("norm_attn.*", "norm_mlp.*") }).Edits.Length);

    [Fact]
    public void All_blocks_means_all_that_have_the_site_and_the_others_are_named()
    {
        var sites = Recipe.Sites.Refusing(new Dictionary<Site, string> { [Recipe.At("mlp_act.1")] = "block 1 is a mixture of experts" });
        var vector = Recipe.Of(Recipe.Tensor("mlp_act.0", "", 1, Recipe.Mlp, 1));

        var result = PlanCompiler.Compile(new SteeringSpec([Recipe.Use(vector) with { Sites = Recipe.Select("mlp_act.*") }]), sites, Recipe.Prompt, new DirectionCache());

        Assert.Equal("mlp_act.0, mlp_act.2-5", SiteRanges.Describe(result.Plan!.Edits.Select(edit => edit.Site)));
        Assert.Contains("steering.use[0].sites[0]: mlp_act.* leaves out mlp_act.1: block 1 is a mixture of experts", result.Plan.Warnings);
    }

    [Fact]
    public void Edits_are_in_forward_order_and_list_order_within_a_site()
    {
        var plan = Recipe.Compile(
            Recipe.Use(Recipe.Vector("resid_post.4", "resid_post.1"), index: 0),
            Recipe.Use(Recipe.Vector("embed", "resid_post.1"), Operation.ScaleCoordinate, index: 1),
            Recipe.Use(Recipe.Vector("resid_post.1", "final_norm"), index: 2));

        Assert.Equal(["embed 1", "resid_post.1 0", "resid_post.1 1", "resid_post.1 2", "resid_post.4 0", "final_norm 2"], plan.Edits.Select(edit => $"{edit.Site} {edit.Use}"));
    }

    [Theory]
    [InlineData(StrengthUnit.Raw, 1, false)]
    [InlineData(StrengthUnit.Rms, 7.0 / 5, false)]
    [InlineData(StrengthUnit.TokenNorm, 1.0 / 5, true)]
    public void Units_of_add_become_factors_on_the_stored_tensor(StrengthUnit unit, double factor, bool timesTokenNorm)
    {
        var vector = Recipe.Of(Recipe.Values("resid_post.1", "", 3, 0, 0, 0, -4, 0, 0, 0)) with { ResidualNorms = Norms(7) };

        var edit = Assert.Single(Recipe.Compile(Recipe.Use(vector, strength: 2) with { Unit = unit }).Edits);

        Assert.Equal((factor, timesTokenNorm), (edit.CoefficientPerStrength, edit.TimesTokenNorm));
        Assert.Equal([3, 0, 0, 0, -4, 0, 0, 0], edit.Directions.Values.ToArray());
        Assert.Equal(2 * factor, edit.CoefficientAt(0, 0, 10));
    }

    [Theory]
    [InlineData(StrengthUnit.Raw, 1, false)]
    [InlineData(StrengthUnit.Rms, 7, false)]
    [InlineData(StrengthUnit.TokenNorm, 1, true)]
    public void Units_of_project_boost_become_lengths(StrengthUnit unit, double factor, bool timesTokenNorm)
    {
        var vector = Recipe.Of(Recipe.Tensor("resid_post.1", "u", 3, Recipe.Hidden, 1)) with { ResidualNorms = Norms(7) };

        var edit = Assert.Single(Recipe.Compile(Recipe.Use(vector, Operation.ProjectBoost, 2) with { Unit = unit }).Edits);

        Assert.Equal((factor, timesTokenNorm), (edit.CoefficientPerStrength, edit.TimesTokenNorm));
    }

    [Fact]
    public void Angles_become_radians()
    {
        var edit = Assert.Single(Recipe.Compile(Recipe.RotateBy(90, "norm_attn.1")).Edits);

        Assert.Equal(Math.PI / 2, edit.CoefficientAt(0, 0, 10), 1e-15);
        Assert.Equal(RotationMode.By, edit.Parameters.Rotation);
    }

    [Theory]
    [InlineData(null, Operation.Add, StrengthUnit.Raw)]
    [InlineData(StrengthUnit.TokenNorm, Operation.Add, StrengthUnit.TokenNorm)]
    [InlineData(StrengthUnit.TokenNorm, Operation.ScaleCoordinate, StrengthUnit.Fraction)]
    [InlineData(null, Operation.ProjectBoost, StrengthUnit.Raw)]
    [InlineData(StrengthUnit.TokenNorm, Operation.ProjectBoost, StrengthUnit.TokenNorm)]
    public void The_unit_is_the_vectors_own_where_the_operation_takes_it(StrengthUnit? stored, Operation operation, StrengthUnit expected) =>
        Assert.Equal(expected, Recipe.Compile(Recipe.Use(Recipe.Vector("resid_post.1") with { Unit = stored }, operation)).Uses[0].Unit);

    [Fact]
    public void Rotations_default_to_degrees_by_and_to_fractions_to_an_angle()
    {
        var to = Recipe.Use(Recipe.Plane("norm_attn.1"), Operation.Rotate) with { Parameters = new() { Rotation = RotationMode.To, ToDegrees = 200 } };

        Assert.Equal((StrengthUnit.Degrees, 30.0), Describe(Recipe.RotateBy(30, "norm_attn.1")));
        Assert.Equal((StrengthUnit.Fraction, 1.0), Describe(to));
    }

    [Theory]
    [InlineData(Operation.Add), InlineData(Operation.ScaleCoordinate), InlineData(Operation.ProjectBoost)]
    public void The_default_strength_is_1(Operation operation) => Assert.Equal(1, Recipe.Compile(Recipe.Use(Recipe.Vector("resid_post.1"), operation)).Uses[0].Strength);

    [Fact]
    public void Rows_of_planes_and_subspaces_become_orthonormal()
    {
        float[][][] prepared =
        [
            Rows(Recipe.RotateBy(10, "norm_attn.1")),
            Rows(Recipe.Use(Recipe.Of(Recipe.Tensor("resid_post.1", "u", 5, Recipe.Hidden, 3)), Operation.ScaleCoordinate)),
            Rows(Recipe.Use(Recipe.Of(Recipe.Tensor("resid_post.1", "", 8, Recipe.Hidden, 4)), Operation.ProjectBoost)),
            Rows(Recipe.Use(Recipe.Vector("resid_post.1"), Operation.SetCoordinate) with { Parameters = new() { Value = 1 } }),
        ];

        foreach (float[][] rows in prepared)
            for (int i = 0; i < rows.Length; i++)
                for (int j = 0; j <= i; j++)
                    Assert.Equal(i == j ? 1 : 0, rows[i].Zip(rows[j], (a, b) => (double)a * b).Sum(), 1e-7);
    }

    [Fact]
    public void A_nearly_orthonormal_plane_keeps_b1_and_the_side_of_b2()
    {
        var vector = Recipe.Of(Recipe.Values("norm_attn.1", "b1", 1.0018f, 0, 0, 0, 0, 0, 0, 0), Recipe.Values("norm_attn.1", "b2", -0.0051f, 1.0025f, 0, 0, 0, 0, 0, 0));

        float[][] rows = Rows(Recipe.Use(vector, Operation.Rotate, 40));

        Assert.Equal([1, 0, 0, 0, 0, 0, 0, 0], rows[0]);
        Assert.Equal([0, 1, 0, 0, 0, 0, 0, 0], rows[1]);
    }

    [Fact]
    public void Operations_on_one_vector_may_share_nothing_but_strengths_and_units_do()
    {
        var vector = Recipe.Vector("resid_post.1") with { ResidualNorms = Norms(2) };
        var plan = Recipe.Compile(
            Recipe.Use(vector, strength: 1, index: 0),
            Recipe.Use(vector, strength: -3, index: 1) with { Unit = StrengthUnit.Rms },
            Recipe.Use(vector, strength: 0.5, index: 2) with { Unit = StrengthUnit.TokenNorm },
            Recipe.Use(vector, Operation.ScaleCoordinate, index: 3),
            Recipe.Use(vector, Operation.SetCoordinate, index: 4) with { Parameters = new() { Value = 1 } });

        Assert.Same(plan.Edits[0].Directions, plan.Edits[1].Directions);
        Assert.Same(plan.Edits[0].Directions, plan.Edits[2].Directions);
        Assert.NotSame(plan.Edits[0].Directions, plan.Edits[3].Directions);
        Assert.Same(plan.Edits[3].Directions, plan.Edits[4].Directions);
    }

    [Fact]
    public void Requests_with_different_strengths_share_their_directions()
    {
        var cache = new DirectionCache();
        var vector = Recipe.Vector("resid_post.1", "resid_post.2");

        var plans = new[] { 0.5, -2 }.Select(strength =>
            PlanCompiler.Compile(new SteeringSpec([Recipe.Use(vector with { Name = $"copy{strength}" }, strength: strength)]), Recipe.Sites, Recipe.Prompt, cache).Plan!).ToList();

        Assert.Equal(plans[0].Edits.Select(edit => edit.Directions), plans[1].Edits.Select(edit => edit.Directions));
        Assert.NotEqual(plans[0].Fingerprint, plans[1].Fingerprint);
    }

    [Theory]
    [InlineData(Operation.Add), InlineData(Operation.ScaleCoordinate), InlineData(Operation.ProjectBoost)]
    public void Strength_0_edits_nothing_and_is_still_reported(Operation operation)
    {
        var plan = Recipe.Compile(Recipe.Use(Recipe.Vector("resid_post.1", "resid_post.2"), operation, 0));

        Assert.True(plan.IsEmpty);
        Assert.Equal("", plan.Fingerprint);
        Assert.Equal((0.0, 2), (plan.Uses[0].Strength, plan.Uses[0].Sites.Length));
        Assert.Same(ResolvedPositions.All, plan.Uses[0].Positions);
    }

    [Fact]
    public void Rotation_by_0_and_blends_of_0_edit_nothing()
    {
        Assert.True(Recipe.Compile(Recipe.RotateBy(0, "norm_attn.1")).IsEmpty);
        Assert.True(Recipe.Compile(Recipe.Use(Recipe.Plane("norm_attn.1"), Operation.Rotate, 0) with { Parameters = new() { Rotation = RotationMode.To, ToDegrees = 0 } }).IsEmpty);
        Assert.True(Recipe.Compile(Recipe.Use(Recipe.Vector("resid_post.1"), Operation.SetCoordinate, 0) with { Parameters = new() { Value = 3 } }).IsEmpty);
    }

    [Fact]
    public void A_schedule_that_starts_at_0_is_kept() =>
        Assert.Single(Recipe.Compile(Recipe.Use(Recipe.Vector("resid_post.1"), strength: 0) with { Schedule = new Schedule(ScheduleKind.Linear, 1, 4) }).Edits);

    [Fact]
    public void A_use_that_selects_no_position_edits_nothing()
    {
        var plan = Recipe.Compile(Recipe.Use(Recipe.Vector("resid_post.1")) with { Apply = new() { Prompt = false, Generation = GenerationPhase.None } });

        Assert.True(plan.IsEmpty);
        Assert.Single(plan.Warnings);
    }

    [Fact]
    public void A_vector_of_another_model_is_used_with_a_warning()
    {
        var sites = new SiteTable(Recipe.Blocks, Recipe.Hidden, Recipe.Head, Recipe.Mlp, null, "bbb");
        string[] Warnings(string? made) => [.. PlanCompiler.Compile(
            new SteeringSpec([Recipe.Use(Recipe.Vector("resid_post.1") with { ModelFingerprint = made })]), sites, Recipe.Prompt, new DirectionCache()).Plan!.Warnings];

        Assert.Equal(["steering.use[0].vector: vector cheerful was made with another model than the one loaded"], Warnings("aaa"));
        Assert.Empty(Warnings("bbb"));
        Assert.Empty(Warnings(null));
    }

    [Fact]
    public void Each_site_is_steered_at_its_own_width()
    {
        var vector = Recipe.Of(Recipe.Tensor("head_in.1", "", 1, Recipe.Head, 1), Recipe.Tensor("mlp_act.2", "", 1, Recipe.Mlp, 2), Recipe.Tensor("embed", "", 1, Recipe.Hidden, 3));

        Assert.Equal([Recipe.Hidden, Recipe.Head, Recipe.Mlp], Recipe.Compile(Recipe.Use(vector)).Edits.Select(edit => edit.Directions.Columns));
    }

    private static (StrengthUnit, double) Describe(VectorUse use)
    {
        var planned = Recipe.Compile(use).Uses[0];
        return (planned.Unit, planned.Strength);
    }

    private static float[][] Rows(VectorUse use)
    {
        var directions = Assert.Single(Recipe.Compile(use).Edits).Directions;
        return [.. Enumerable.Range(0, directions.Rows).Select(row => directions.Row(row).ToArray())];
    }

    private static ImmutableDictionary<Site, float> Norms(float norm) => ImmutableDictionary<Site, float>.Empty.Add(Recipe.At("resid_post.1"), norm);
}
