using Steering.Engine.Interventions;

namespace Steering.Tests.Interventions;

public class PlanFingerprintTests
{
    private static readonly SteeringVector Vector = Recipe.Vector("resid_post.1", "resid_post.3");
    private static readonly VectorUse Base = Recipe.Use(Vector, strength: 0.5);

    private static (string What, VectorUse Use)[] Changes =>
    [
        ("strength", Base with { Strength = 0.6 }),
        ("sign", Base with { Strength = -0.5 }),
        ("unit", Base with { Unit = StrengthUnit.TokenNorm }),
        ("operation", Base with { Operation = Operation.ScaleCoordinate }),
        ("sites", Base with { Sites = Recipe.Select("resid_post.1") }),
        ("values", Base with { Vector = Recipe.Vector("resid_post.3", "resid_post.1") }),
        ("renormalise", Base with { Renormalise = Renormalise.Token }),
        ("schedule", Base with { Schedule = new(ScheduleKind.Linear, 1, 4) }),
        ("schedule's end", Base with { Schedule = new(ScheduleKind.Linear, 2, 4) }),
        ("schedule's length", Base with { Schedule = new(ScheduleKind.Linear, 1, 5) }),
        ("schedule's kind", Base with { Schedule = new(ScheduleKind.Exponential, 1, 4) }),
        ("BOS", Base with { Apply = new() { ExcludeBos = true } }),
        ("window", Base with { Apply = new() { PromptWindow = (2, 4) } }),
        ("another window", Base with { Apply = new() { PromptWindow = (2, 5) } }),
        ("generation", Base with { Apply = new() { Generation = GenerationPhase.None } }),
        ("tokens", Base with { Apply = new() { Tokens = [4] } }),
        ("other tokens", Base with { Apply = new() { Tokens = [4, 5] } }),
        ("set", Base with { Operation = Operation.SetCoordinate, Parameters = new() { Value = 1 } }),
        ("set to another value", Base with { Operation = Operation.SetCoordinate, Parameters = new() { Value = 2 } }),
        ("relu", Base with { Operation = Operation.SetCoordinate, Parameters = new() { Value = 1, Relu = true } }),
        ("min", Base with { Operation = Operation.SetCoordinate, Parameters = new() { Min = 1 } }),
        ("max", Base with { Operation = Operation.SetCoordinate, Parameters = new() { Max = 1 } }),
        ("rotation by", Recipe.RotateBy(0.5, "norm_attn.1")),
        ("rotation to", Recipe.RotateBy(0.5, "norm_attn.1") with { Parameters = new() { Rotation = RotationMode.To, ToDegrees = 0 } }),
        ("rotation to another angle", Recipe.RotateBy(0.5, "norm_attn.1") with { Parameters = new() { Rotation = RotationMode.To, ToDegrees = 1 } }),
    ];

    [Fact]
    public void Whatever_can_change_a_number_changes_the_fingerprint()
    {
        var fingerprints = Changes.Select(change => change.Use).Append(Base).Select(use => Recipe.Compile(use).Fingerprint).ToList();

        Assert.All(fingerprints, fingerprint => Assert.Matches("^[0-9a-f]{64}$", fingerprint));
        Assert.Equal(fingerprints.Count, fingerprints.Distinct().Count());
    }

    private static (string What, VectorUse Use)[] Renamings =>
    [
        ("again", Base with { }),
        ("the vector's name", Base with { Vector = Vector with { Name = "other", Version = 7 }, Reference = "other@7" }),
        ("the path", Base with { Path = "steering.inline[3]" }),
        ("the sites spelled out", Base with { Sites = Recipe.Select("resid_post.3", "resid_post.1") }),
        ("the unit spelled out", Base with { Unit = StrengthUnit.Raw }),
        ("the positions spelled out", Base with { Apply = new() { PromptWindow = (0, null), Spans = [(0, 4), (4, null)] } }),
        ("unused fields of a constant schedule", Base with { Schedule = new(ScheduleKind.Constant, 4, 5) }),
    ];

    [Fact]
    public void Whatever_changes_no_number_leaves_the_fingerprint() =>
        Assert.All(Renamings, renaming => Assert.True(Recipe.Compile(Base).Fingerprint == Recipe.Compile(renaming.Use).Fingerprint, renaming.What));

    [Fact]
    public void By_is_the_rotation_that_is_meant_when_none_is_named() => Assert.Equal(
        Recipe.Compile(Recipe.RotateBy(30, "norm_attn.1")).Fingerprint,
        Recipe.Compile(Recipe.RotateBy(30, "norm_attn.1") with { Parameters = new() { Rotation = RotationMode.By } }).Fingerprint);

    [Fact]
    public void The_order_of_uses_counts_at_a_shared_site_only()
    {
        VectorUse first = Recipe.Use(Recipe.Vector("resid_post.1")), same = Recipe.Use(Recipe.Vector("resid_post.1"), Operation.ScaleCoordinate), other = Recipe.Use(Recipe.Vector("resid_post.2"));

        Assert.NotEqual(Recipe.Compile(first, same).Fingerprint, Recipe.Compile(same, first).Fingerprint);
        Assert.Equal(Recipe.Compile(first, other).Fingerprint, Recipe.Compile(other, first).Fingerprint);
    }

    [Fact]
    public void A_use_at_strength_0_leaves_the_fingerprint() =>
        Assert.Equal(Recipe.Compile(Base).Fingerprint, Recipe.Compile(Recipe.Use(Recipe.Vector("embed"), strength: 0), Base).Fingerprint);

    [Fact]
    public void The_prompts_length_counts_where_a_schedule_counts_from_it()
    {
        string At(VectorUse use, int length) => PlanCompiler.Compile(new SteeringSpec([use]), Recipe.Sites, PromptLayout.Plain(length), new DirectionCache()).Plan!.Fingerprint;
        var scheduled = Base with { Schedule = new(ScheduleKind.Linear, 1, 4) };

        Assert.Equal(At(Base, 10), At(Base, 11));
        Assert.NotEqual(At(scheduled, 10), At(scheduled, 11));
    }
}
