using System.Collections.Immutable;
using System.Reflection;
using Steering.Engine.Interventions;

namespace Steering.Tests.Interventions;

public class PlanProblemTests
{
    private static readonly SteeringVector One = Recipe.Vector("resid_post.1");
    private static readonly SteeringVector Two = Recipe.Vector("resid_post.1", "resid_post.2");

    /// <summary>A use with one thing wrong: path below steering.use[0], code, and what the message must say.</summary>
    public static TheoryData<ProblemCase> Cases =>
    [
        new(".sites[1]", "block_out_of_range", "found resid_post.4-9, but this model has blocks 0 to 5", Recipe.Use(One) with { Sites = Recipe.Select("resid_post.1", "resid_post.4-9") }),
        new(".sites[0]", "missing_tensor", "vector cheerful has no tensor at resid_post.3-4; it has tensors at resid_post.1-2",
            Recipe.Use(Two) with { Sites = Recipe.Select("resid_post.3-4") }),
        new(".vector", "missing_tensor", "has no tensors", Recipe.Use(Recipe.Of())),
        new(".vector", "block_out_of_range", "vector cheerful has tensors at resid_post.6-7, but this model has blocks 0 to 5", Recipe.Use(Recipe.Vector("resid_post.6", "resid_post.7"))),
        new("", "block_out_of_range", "this model has blocks 0 to 5", Recipe.Use(Recipe.Vector("resid_post.6") with { Version = 0 })),
        new(".vector", "missing_role", "rotate reads b1 and b2; vector cheerful has the direction at resid_post.1-2", Recipe.Use(Two, Operation.Rotate, 30)),
        new(".vector", "missing_role", "add reads the direction; vector cheerful has b1, b2 at norm_attn.1", Recipe.Use(Recipe.Plane("norm_attn.1"))),
        new(".vector", "missing_role", "project_boost reads u or the direction; vector cheerful has b1, b2 at norm_attn.1", Recipe.Use(Recipe.Plane("norm_attn.1"), Operation.ProjectBoost)),
        new(".vector", "missing_role", "low_rank reads r and w and b; vector cheerful has r, w at resid_post.1",
            Recipe.Use(Recipe.Of(Recipe.Tensor("resid_post.1", "r", 2, 8, 1), Recipe.Tensor("resid_post.1", "w", 2, 8, 1)), Operation.LowRank)),
        new(".vector", "width_mismatch", "found 7 values per row in vector cheerful, expected 8 at resid_post.1", Recipe.LowRank(2, 2, 2, width: 7)),
        new(".vector", "bad_shape", "vector cheerful at resid_post.1: found 2 rows in r, 3 in w and 2 values in b; expected as many in each", Recipe.LowRank(2, 3, 2)),
        new(".vector", "bad_shape", "vector cheerful at resid_post.1: found 2 rows in r, 2 in w and 1 values in b", Recipe.LowRank(2, 2, 1)),
        new(".vector", "bad_shape", "vector cheerful at resid_post.1: r has 9 rows of 8 values", Recipe.LowRank(9, 9, 9)),
        new(".vector", "bad_shape", "found 65 rows in w of vector cheerful at resid_post.1; low_rank takes 1 to 64", Recipe.LowRank(2, 65, 2)),
        new(".unit", "unit_not_supported", "low_rank does not take a strength in raw; expected fraction", Recipe.LowRank(2, 2, 2) with { Unit = StrengthUnit.Raw }),
        new(".vector", "bad_strength", "longer than 1e18", Recipe.LowRank(2, 2, 2) with { Strength = 1e30 }),
        new(".params.value", "bad_parameter", "low_rank takes no parameters: leave value out", Recipe.LowRank(2, 2, 2) with { Parameters = new() { Value = 1 } }),
        new(".vector", "width_mismatch", "found 7 values per row in vector cheerful, expected 8 at resid_post.1-2",
            Recipe.Use(Recipe.Of(Recipe.Tensor("resid_post.1", "", 1, 7, 1), Recipe.Tensor("resid_post.2", "", 1, 7, 1)))),
        new(".sites[0]", "width_mismatch", "found 8 values per row in vector cheerful, expected 12 at head_in.0-2", Recipe.Use(One) with { Sites = Recipe.Select("head_in.0-2") }),
        new(".vector", "bad_shape", "found 3 rows in the direction of vector cheerful at resid_post.1; add takes exactly one", Recipe.Use(Recipe.Of(Recipe.Tensor("resid_post.1", "", 3, 8, 1)))),
        new(".vector", "bad_shape", "found 65 rows in u of vector cheerful at resid_post.1; project_boost takes 1 to 64",
            Recipe.Use(Recipe.Of(Recipe.Tensor("resid_post.1", "u", 65, 8, 1)), Operation.ProjectBoost)),
        new(".vector", "zero_vector", "the direction of vector cheerful at resid_post.1 has no length", Recipe.Use(Recipe.Of(Recipe.Values("resid_post.1", "", new float[8])))),
        new(".vector", "zero_vector", "the direction of vector cheerful at resid_post.1 has no length",
            Recipe.Use(Recipe.Of(Recipe.Values("resid_post.1", "", new float[8])), Operation.ScaleCoordinate, 0)),
        new(".vector", "zero_vector", "b2 of vector cheerful at resid_post.1 has no length",
            Recipe.Use(Recipe.Of(Recipe.Tensor("resid_post.1", "b1", 1, 8, 1), Recipe.Values("resid_post.1", "b2", new float[8])), Operation.Rotate, 9)),
        new(".vector", "dependent_directions", "b2 of vector cheerful at resid_post.1 is a combination of the directions before it",
            Recipe.Use(Recipe.Of(Recipe.Values("resid_post.1", "b1", 1, 2, 3, 0, 0, 0, 0, 1), Recipe.Values("resid_post.1", "b2", -2, -4, -6, 0, 0, 0, 0, -2)), Operation.Rotate, 9)),
        new(".vector", "dependent_directions", "row 8 of u of vector cheerful", Recipe.Use(Recipe.Of(Recipe.Tensor("resid_post.1", "u", 9, 8, 1)), Operation.ScaleCoordinate)),
        new(".unit", "unit_not_supported", "add does not take a strength in degrees; expected raw, rms, token_norm", Recipe.Use(One) with { Unit = StrengthUnit.Degrees }),
        new(".unit", "unit_not_supported", "rotate by does not take a strength in raw; expected degrees", Recipe.RotateBy(30, "norm_attn.1") with { Unit = StrengthUnit.Raw }),
        new(".unit", "unit_not_supported", "rotate to does not take a strength in degrees; expected fraction",
            Recipe.Use(Recipe.Plane("norm_attn.1"), Operation.Rotate) with { Unit = StrengthUnit.Degrees, Parameters = new() { Rotation = RotationMode.To, ToDegrees = 30 } }),
        new(".unit", "unit_not_supported", "scale_coordinate does not take a strength in rms; expected fraction", Recipe.Use(One, Operation.ScaleCoordinate) with { Unit = StrengthUnit.Rms }),
        new(".unit", "unit_not_supported", "set_coordinate does not take a strength in raw", Recipe.Use(One, Operation.SetCoordinate) with { Unit = StrengthUnit.Raw, Parameters = new() { Value = 1 } }),
        new(".unit", "unit_not_supported", "project_boost does not take a strength in fraction", Recipe.Use(One, Operation.ProjectBoost) with { Unit = StrengthUnit.Fraction }),
        new(".unit", "unit_not_supported", "vector cheerful counts its strengths in degrees, which add does not take: name one of raw", Recipe.Use(One with { Unit = StrengthUnit.Degrees })),
        new(".unit", "missing_residual_norm", "residual norm of resid_post.1-2; vector cheerful has no residual norms: calibrate the vector there, or use unit raw or token_norm",
            Recipe.Use(Two) with { Unit = StrengthUnit.Rms }),
        new(".unit", "missing_residual_norm", "residual norm of resid_post.2; vector cheerful has residual norms for resid_post.1 only", Recipe.Use(Two with { Unit = StrengthUnit.Rms, ResidualNorms = Norms(3) })),
        new(".unit", "missing_residual_norm", "calibrate", Recipe.Use(One with { Unit = StrengthUnit.Rms, ResidualNorms = Norms(0) })),
        new(".strength", "missing_strength", "rotate by has no default strength", Recipe.RotateBy(null, "norm_attn.1")),
        new(".strength", "bad_strength", "found NaN; expected a finite number", Recipe.Use(One, strength: double.NaN)),
        new(".strength", "bad_strength", "found -Infinity; expected a finite number", Recipe.Use(One, Operation.ScaleCoordinate, double.NegativeInfinity)),
        new(".strength", "bad_strength", "found 1.5; expected a fraction from 0", Recipe.Use(One, Operation.SetCoordinate, 1.5) with { Parameters = new() { Value = 1 } }),
        new(".strength", "bad_strength", "found -0.1; expected a fraction from 0",
            Recipe.Use(Recipe.Plane("norm_attn.1"), Operation.Rotate, -0.1) with { Parameters = new() { Rotation = RotationMode.To, ToDegrees = 30 } }),
        new(".strength", "bad_strength", "found 3601; expected an angle within -3600 and 3600 degrees", Recipe.RotateBy(3601, "norm_attn.1")),
        new(".vector", "bad_strength", "longer than 1e18", Recipe.Use(One, strength: 1e30)),
        new(".vector", "bad_strength", "longer than 1e18", Recipe.Use(One, strength: 1) with { Schedule = new(ScheduleKind.Linear, -1e30, 4) }),
        new(".params.value", "bad_parameter", "add takes no parameters: leave value out", Recipe.Use(One) with { Parameters = new() { Value = 1 } }),
        new(".params.mode", "bad_parameter", "add takes no parameters: leave mode out", Recipe.Use(One) with { Parameters = new() { Rotation = RotationMode.By } }),
        new(".params.mode", "bad_parameter", "scale_coordinate takes no parameters: leave mode out", Recipe.Use(One, Operation.ScaleCoordinate) with { Parameters = new() { Relu = true } }),
        new(".params.to_degrees", "bad_parameter", "set_coordinate does not know this to_degrees", Recipe.Use(One, Operation.SetCoordinate) with { Parameters = new() { Value = 1, ToDegrees = 4 } }),
        new(".params.mode", "bad_parameter", "set_coordinate does not know this mode", Recipe.Use(One, Operation.SetCoordinate) with { Parameters = new() { Value = 1, Rotation = RotationMode.To } }),
        new(".params.value", "bad_parameter", "set_coordinate needs value", Recipe.Use(One, Operation.SetCoordinate)),
        new(".params.value", "bad_parameter", "mode relu needs value", Recipe.Use(One, Operation.SetCoordinate) with { Parameters = new() { Relu = true } }),
        new(".params.value", "bad_parameter", "found NaN; expected a finite number", Recipe.Use(One, Operation.SetCoordinate) with { Parameters = new() { Value = double.NaN } }),
        new(".params.min", "bad_parameter", "value and a range exclude each other", Recipe.Use(One, Operation.SetCoordinate) with { Parameters = new() { Value = 1, Min = 0 } }),
        new(".params.max", "bad_parameter", "mode relu takes value only", Recipe.Use(One, Operation.SetCoordinate) with { Parameters = new() { Value = 1, Max = 2, Relu = true } }),
        new(".params.min", "bad_parameter", "found min 3 above max 2", Recipe.Use(One, Operation.SetCoordinate) with { Parameters = new() { Min = 3, Max = 2 } }),
        new(".params.min", "bad_parameter", "rotate does not know this min; it takes mode", Recipe.RotateBy(30, "norm_attn.1") with { Parameters = new() { Min = 3 } }),
        new(".params.to_degrees", "bad_parameter", "mode by takes its angle from strength", Recipe.RotateBy(30, "norm_attn.1") with { Parameters = new() { ToDegrees = 30 } }),
        new(".params.to_degrees", "bad_parameter", "mode to needs to_degrees", Recipe.Use(Recipe.Plane("norm_attn.1"), Operation.Rotate) with { Parameters = new() { Rotation = RotationMode.To } }),
        new(".params.to_degrees", "bad_parameter", "found 4000; expected an angle", Recipe.Use(Recipe.Plane("norm_attn.1"), Operation.Rotate) with { Parameters = new() { Rotation = RotationMode.To, ToDegrees = 4000 } }),
        new(".schedule.over", "bad_schedule", "found over 0; expected the number of generated tokens it takes, at least 1", Recipe.Use(One) with { Schedule = new(ScheduleKind.Linear, 0.5, 0) }),
        new(".schedule.to", "bad_schedule", "found Infinity; expected a finite number", Recipe.Use(One) with { Schedule = new(ScheduleKind.Linear, double.PositiveInfinity, 4) }),
        new(".schedule.to", "bad_schedule", "must both be non-zero and of one sign; found 1 and 0", Recipe.Use(One) with { Schedule = new(ScheduleKind.Exponential, 0, 4) }),
        new(".schedule.to", "bad_schedule", "found 1 and -2", Recipe.Use(One) with { Schedule = new(ScheduleKind.Exponential, -2, 4) }),
        new(".schedule.to", "bad_schedule", "found 0 and 2", Recipe.Use(One, strength: 0) with { Schedule = new(ScheduleKind.Exponential, 2, 4) }),
        new(".schedule.to", "bad_schedule", "found 2; expected a fraction", Recipe.Use(One, Operation.SetCoordinate) with { Parameters = new() { Value = 1 }, Schedule = new(ScheduleKind.Linear, 2, 4) }),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_mistake_is_one_problem_with_its_path_code_and_remedy(ProblemCase mistake)
    {
        var problem = Recipe.Problem(mistake.Use);

        Assert.Equal(($"steering.use[0]{mistake.Path}", mistake.Code), (problem.Path, problem.Code));
        Assert.Contains(mistake.Message, problem.Message);
        Assert.DoesNotContain("{", problem.Message);
    }

    [Theory]
    [InlineData("mlp_act.1", ".sites[0]")]
    [InlineData(null, ".vector")]
    public void A_site_the_model_refuses_is_unknown_with_the_reason(string? selector, string path)
    {
        var sites = Recipe.Sites.Refusing(new Dictionary<Site, string> { [Recipe.At("mlp_act.1")] = "block 1 is a mixture of experts" });
        var use = Recipe.Use(Recipe.Of(Recipe.Tensor("mlp_act.1", "", 1, Recipe.Mlp, 1))) with { Sites = selector is null ? [] : Recipe.Select(selector) };

        var problem = Assert.Single(PlanCompiler.Compile(new SteeringSpec([use]), sites, Recipe.Prompt, new DirectionCache()).Problems);

        Assert.Equal(($"steering.use[0]{path}", SteeringProblemCode.UnknownSite), (problem.Path, problem.Code));
        Assert.StartsWith("mlp_act.1 is not available in this model: block 1 is a mixture of experts", problem.Message);
    }

    [Fact]
    public void A_point_that_no_block_has_is_unknown_in_all_blocks()
    {
        var sites = Recipe.Sites.Refusing(Enumerable.Range(0, Recipe.Blocks).ToDictionary(block => new Site(SitePoint.MlpGate, block), _ => "its MLP has no gate"));
        var use = Recipe.Use(Recipe.Of(Recipe.Tensor("mlp_act.1", "", 1, Recipe.Mlp, 1))) with { Sites = Recipe.Select("mlp_gate.*") };

        var problem = Assert.Single(PlanCompiler.Compile(new SteeringSpec([use]), sites, Recipe.Prompt, new DirectionCache()).Problems);

        Assert.Equal(SteeringProblemCode.UnknownSite, problem.Code);
        Assert.StartsWith("mlp_gate.0-5 is not available in this model: its MLP has no gate", problem.Message);
    }

    [Fact]
    public void All_problems_of_all_uses_come_at_once()
    {
        var result = Recipe.Try(
            Recipe.Use(Recipe.Vector("resid_post.9"), strength: double.NaN, index: 0) with { Unit = StrengthUnit.Degrees, Apply = new() { ExcludeFirst = -1 } },
            Recipe.Use(One, index: 1),
            Recipe.Use(One, Operation.Rotate, index: 2) with { Parameters = new() { Min = 1 }, Schedule = new(ScheduleKind.Linear, 3, 0) });

        Assert.Null(result.Plan);
        Assert.Equal(
            [
                "0].unit unit_not_supported", "0].strength bad_strength", "0].apply.exclude_first bad_positions", "0].vector block_out_of_range",
                "2].params.min bad_parameter", "2].strength missing_strength", "2].schedule.over bad_schedule", "2].vector missing_role",
            ],
            result.Problems.Select(problem => $"{problem.Path["steering.use[".Length..]} {problem.Code}"));
    }

    [Fact]
    public void Every_code_has_a_case()
    {
        var codes = typeof(SteeringProblemCode).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetValue(null)!);
        string[] elsewhere = [SteeringProblemCode.UnknownSite, SteeringProblemCode.BadPositions, SteeringProblemCode.TemplateUnknown, SteeringProblemCode.BadValue];

        Assert.Empty(codes.Except(((IEnumerable<object[]>)Cases).Select(row => ((ProblemCase)row[0]).Code)).Except(elsewhere));
    }

    private static ImmutableDictionary<Site, float> Norms(float norm) => ImmutableDictionary<Site, float>.Empty.Add(Recipe.At("resid_post.1"), norm);

    public sealed record ProblemCase(string Path, string Code, string Message, VectorUse Use)
    {
        public override string ToString() => $"{Path} {Code}: {Message}";
    }
}
