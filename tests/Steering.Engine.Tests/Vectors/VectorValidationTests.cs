using System.Collections.Immutable;
using Steering.Engine.Interventions;
using Steering.Engine.Vectors;
using static Steering.Engine.Tests.Vectors.TestVectors;

namespace Steering.Engine.Tests.Vectors;

public sealed class VectorValidationTests
{
    private static readonly Site Post1 = new(SitePoint.ResidPost, 1);

    private static readonly SiteTable Model = new(2, 3, 4, 5, new Dictionary<Site, string> { [new Site(SitePoint.MlpAct, 0)] = "block 0 is a mixture of experts" }, "model");

    [Fact]
    public void A_vector_that_fits_has_no_problems()
    {
        var result = Check(Tensor("resid_post.1", "", 1, 2, 3), Tensor("head_in.0", "", 1, 2, 3, 4), Tensor("norm_attn.0", "b1", 1, 0, 0), Tensor("norm_attn.0", "b2", 1, 1, 0),
            new SteeringTensor(new Site(SitePoint.MlpAct, 1), "u", 2, 5, [1, 0, 0, 0, 0, 0, 1, 0, 0, 0]));

        Assert.True(result.IsValid);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public void A_map_may_ignore_what_it_reads_and_have_no_bias() =>
        Assert.True(Check(Tensor("resid_post.1", "r", 1, 0, 0), Tensor("resid_post.1", "w", 0, 0, 0), Tensor("resid_post.1", "b", 0)).IsValid);

    [Fact]
    public void The_parts_of_a_map_belong_together()
    {
        static SteeringTensor Rows(string role, int rows) => new(Post1, role, rows, 3, [.. Enumerable.Range(1, 3 * rows).Select(i => (float)i)]);

        (string, string, string)[] Problems(params ImmutableArray<SteeringTensor> tensors) => [.. Check(tensors).Problems.Select(problem => (problem.Path, problem.Code, problem.Message))];

        Assert.Equal([("tensors.resid_post.1.r", "missing_role", "found r and w; expected r and w and b at resid_post.1")], Problems(Rows("r", 2), Rows("w", 2)));
        Assert.Equal([("tensors.resid_post.1.r", "bad_shape", "found 2 rows in r, 1 in w and 2 values in b; expected as many in each: W h + b - R h has a value per row of r")],
            Problems(Tensor("resid_post.1", "b", 1, 2), Rows("r", 2), Rows("w", 1)));
        Assert.Equal([("tensors.resid_post.1.r", "bad_shape", "r has 4 rows of 3 values; expected at most as many rows as values")],
            Problems(Tensor("resid_post.1", "b", 1, 2, 3, 4), Rows("r", 4), Rows("w", 4)));
        Assert.Equal(("tensors.resid_post.1.r", "zero_vector"), Assert.Single(Problems(Tensor("resid_post.1", "b", 1), Tensor("resid_post.1", "r", 0, 0, 0), Rows("w", 1))) switch { var (path, code, _) => (path, code) });
    }

    [Fact]
    public void All_problems_are_found_at_once_and_named()
    {
        var result = Check(Tensor("resid_post.1", "", 1, 2), Tensor("resid_post.7", "", 1, 2, 3), Tensor("mlp_act.0", "", 1, 2, 3, 4, 5), Tensor("embed", "", 0, 1e-13f, 0),
            Tensor("norm_mlp.0", "", 1, float.NaN, 0), Tensor("norm_attn.0", "b1", 1, 2, 3), Tensor("norm_attn.0", "b2", 2, 4, 6), Tensor("attn_out.1", "b1", 1, 2, 3),
            new SteeringTensor(new Site(SitePoint.MlpOut, 1), "u", 2, 3, [1, 2, 3, 2, 4, 6]), new SteeringTensor(new Site(SitePoint.ResidPre, 1), "", 2, 3, [1, 2, 3, 4, 5, 6]));

        (string Path, string Code, string Message)[] expected =
        [
            ("tensors.resid_post.1", "width_mismatch", "found 2 values per row, expected 3"),
            ("tensors.resid_post.7", "block_out_of_range", "block 7 of resid_post is out of range; this model has blocks 0 to 1"),
            ("tensors.mlp_act.0", "unknown_site", "mlp_act.0 is not available in this model: block 0 is a mixture of experts"),
            ("tensors.embed", "zero_vector", "the direction has no length (norm below 1e-12)"),
            ("tensors.norm_mlp.0", "bad_value", "value 1 is NaN; expected finite numbers"),
            ("tensors.resid_pre.1", "bad_shape", "found 2 rows; expected one"),
            ("tensors.norm_attn.0.b2", "dependent_directions", "b2 is a multiple of b1"),
            ("tensors.attn_out.1.b1", "missing_role", "found b1; expected b1 and b2 at attn_out.1"),
            ("tensors.mlp_out.1.u", "dependent_directions", "a row is a combination of those before it"),
        ];
        Assert.Equal(expected.Select(problem => (problem.Path, problem.Code)), result.Problems.Select(problem => (problem.Path, problem.Code)));
        foreach (var (problem, (_, _, message)) in result.Problems.Zip(expected)) Assert.StartsWith(message, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unit_rms_needs_a_norm_wherever_there_is_a_length()
    {
        var vector = Vector(Tensor("resid_post.0", "", 1, 2, 3), Tensor("resid_post.1", "", 1, 2, 3), Tensor("norm_attn.0", "b1", 1, 0, 0), Tensor("norm_attn.0", "b2", 0, 1, 0)) with
        {
            Unit = StrengthUnit.Rms,
            ResidualNorms = ImmutableDictionary<Site, float>.Empty.Add(Post1, 2),
        };

        var problem = Assert.Single(VectorValidation.Check(vector, Model).Problems);

        Assert.Equal(("residual_norms.resid_post.0", "missing_residual_norm"), (problem.Path, problem.Code));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(-1f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Residual_norms_are_positive_numbers(float norm)
    {
        var vector = Vector(Tensor("resid_post.1", "", 1, 2, 3)) with { ResidualNorms = ImmutableDictionary<Site, float>.Empty.Add(Post1, norm) };

        var problem = Assert.Single(VectorValidation.Check(vector, Model).Problems);

        Assert.Equal(("residual_norms.resid_post.1", "bad_value"), (problem.Path, problem.Code));
    }

    [Fact]
    public void A_vector_of_another_model_of_the_same_width_is_a_warning()
    {
        var result = VectorValidation.Check(Vector(Tensor("resid_post.1", "", 1, 2, 3)) with { ModelFingerprint = "other" }, Model);

        Assert.True(result.IsValid);
        Assert.Contains("another model (other) than the one loaded (model)", Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.Empty(VectorValidation.Check(Vector(Tensor("resid_post.1", "", 1, 2, 3)) with { ModelFingerprint = "model" }, Model).Warnings);
    }

    private static ValidationResult Check(params ImmutableArray<SteeringTensor> tensors) => VectorValidation.Check(Vector(tensors), Model);
}
