using Steering.Engine.Attribution;
using Steering.Engine.Gradients;
using Steering.Tests.Models;

namespace Steering.Tests.Attribution;

public sealed class AttributorTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(20)]
    public void Gauss_Legendre_is_exact_for_polynomials(int count)
    {
        var rule = QuadratureRule.GaussLegendre(count);

        Assert.All(rule, point => Assert.InRange(point.At, 1e-6, 1 - 1e-6));
        for (int power = 0; power < 2 * count; power++) Assert.Equal(1.0 / (power + 1), rule.Sum(point => point.Weight * Math.Pow(point.At, power)), 1e-13);
    }

    [Fact]
    public void Gradient_times_input_is_the_end_of_the_path_from_zero()
    {
        using var golden = new GoldenModel("llama");
        using var attributor = new Attributor(golden.Model, 16);
        var sequence = Sequence(golden);

        var result = attributor.Attribute(sequence, new AttributionOptions { Method = AttributionMethod.GradientTimesInput, Baseline = AttributionBaseline.Mean });

        // A first difference of the objective along the direction of the embeddings: all of them made larger by a thousandth.
        var larger = attributor.Attribute(sequence, new AttributionOptions { Rule = AttributionRule.Midpoint, Points = 1, Baseline = AttributionBaseline.Zero });
        Assert.Equal(larger.Value, result.Value);
        Assert.True(double.IsNaN(result.BaselineValue));
        Assert.Equal((1, 12), (result.Gradients, result.Scores.Length));
        Assert.NotEqual(0, result.Sum);
    }

    [Fact]
    public void SmoothGrad_is_the_mean_gradient_and_its_noise_is_the_seeds()
    {
        using var golden = new GoldenModel("llama");
        using var attributor = new Attributor(golden.Model, 16);
        var options = new AttributionOptions { Method = AttributionMethod.SmoothGrad, Points = 30, Seed = 4 };

        var first = attributor.Attribute(Sequence(golden), options);
        var again = attributor.Attribute(Sequence(golden), options);
        var other = attributor.Attribute(Sequence(golden), options with { Seed = 5 });
        var still = attributor.Attribute(Sequence(golden), options with { Noise = 0, Points = 1 });

        Assert.Equal(first.Scores, again.Scores);
        Assert.NotEqual(first.Scores, other.Scores);
        Assert.Equal(first.Value, still.Value);
    }

    [Fact]
    public void Progress_counts_gradients_and_a_cancelled_attribution_ends()
    {
        using var golden = new GoldenModel("llama");
        using var attributor = new Attributor(golden.Model, 16);
        using var cancellation = new CancellationTokenSource();
        var seen = new List<AttributionProgress>();

        attributor.Attribute(Sequence(golden), new AttributionOptions { Rule = AttributionRule.GaussLegendre, Points = 50 }, seen.Add);
        Assert.Equal(new AttributionProgress(50, 50), seen[^1]);
        Assert.True(seen.Count > 1);

        Assert.Throws<OperationCanceledException>(() => attributor.Attribute(Sequence(golden), new AttributionOptions { Rule = AttributionRule.GaussLegendre, Points = 5000 }, _ => cancellation.Cancel(), cancellation.Token));
    }

    [Fact]
    public void Rules_that_evaluate_the_end_are_refused_from_a_zero_baseline()
    {
        using var golden = new GoldenModel("llama");
        using var attributor = new Attributor(golden.Model, 16);

        var error = Assert.Throws<ArgumentException>(() => attributor.Attribute(Sequence(golden), new AttributionOptions { Rule = AttributionRule.Trapezoid, Baseline = AttributionBaseline.Zero }));
        Assert.Contains("gauss_legendre", error.Message);
        Assert.Null(Attributor.WhyNot(new AttributionOptions { Rule = AttributionRule.Trapezoid, Baseline = AttributionBaseline.Mean }));
        Assert.NotNull(Attributor.WhyNot(new AttributionOptions { Rule = AttributionRule.Trapezoid, Points = 1 }));
    }

    [Fact]
    public void Memory_is_linear_in_tokens_and_known_beforehand()
    {
        using var golden = new GoldenModel("llama");
        long some = Attributor.BytesFor(golden.Model, 1000), more = Attributor.BytesFor(golden.Model, 2000), most = Attributor.BytesFor(golden.Model, 3000);

        Assert.Equal(most - more, more - some);
        using var gradient = golden.Model.CreateGradient(1000);
        Assert.InRange(gradient.ArenaBytes, some / 2, 3 * some / 2);
    }

    [Fact]
    public void A_budget_that_is_spent_is_said()
    {
        using var golden = new GoldenModel("gemma2");
        using var attributor = new Attributor(golden.Model, 16);

        var result = attributor.Attribute(Sequence(golden), new AttributionOptions { Baseline = AttributionBaseline.Zero, Tolerance = 1e-4, Budget = 40 });

        Assert.False(result.IsWithinTolerance);
        Assert.InRange(result.Gradients, 16, 40);
    }

    private static GradientSequence Sequence(GoldenModel golden)
    {
        int[] ids = golden.Ids()[..12];
        return new GradientSequence { Tokens = [.. ids], PromptLength = 10, Targets = [new GradientTarget(9, ids[10]), new GradientTarget(10, ids[11])] };
    }
}
