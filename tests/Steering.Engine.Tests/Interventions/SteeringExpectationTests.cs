using Steering.Engine.Interventions;

namespace Steering.Tests.Interventions;

public class SteeringExpectationTests
{
    private static readonly int[] Prompt = [1, 5, 6, 5, 7, 5, 8, 9, 9, 2];
    private static readonly int[] Generated = [5, 6, 5, 5, 7];

    public static TheoryData<string, int, int, PositionRule> Rules => new()
    {
        { "everything: all prompt tokens and all generated but the last", 10, 4, PositionRule.Everywhere },
        { "prompt only", 10, 0, new() { Generation = GenerationPhase.None } },
        { "generated: n tokens give n - 1", 0, 4, new() { Prompt = false } },
        { "decode: one more than generated", 1, 4, new() { Prompt = false, Generation = GenerationPhase.Decode } },
        { "one kind of token", 3, 3, new() { Tokens = [5] } },
        { "without BOS", 9, 4, new() { ExcludeBos = true } },
        { "window", 4, 2, new() { PromptWindow = (-4, null), GenerationWindow = (1, 3) } },
        { "window of the last token, which is only sampled", 10, 0, new() { GenerationWindow = (4, 5) } },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void Positions_are_counted_by_the_rule(string name, int prompt, int generated, PositionRule rule)
    {
        Assert.NotEmpty(name);
        var counts = SteeringExpectation.Count(Recipe.Compile(Recipe.Use(Recipe.Vector("resid_post.1", "resid_post.2")) with { Apply = rule }), Prompt, Generated);

        Assert.Equal((prompt, generated), (Assert.Single(counts.PromptTokens), Assert.Single(counts.GeneratedTokens)));
    }

    [Fact]
    public void Each_use_counts_for_itself_and_strength_0_counts_nothing()
    {
        var plan = Recipe.Compile(
            Recipe.Use(Recipe.Vector("resid_post.1"), index: 0) with { Apply = new() { Prompt = false } },
            Recipe.Use(Recipe.Vector("resid_post.1"), strength: 0, index: 1),
            Recipe.Use(Recipe.Vector("resid_post.0"), index: 2));

        var counts = SteeringExpectation.Count(plan, Prompt, Generated);

        Assert.Equal([0, 0, 10], counts.PromptTokens.ToArray());
        Assert.Equal([4, 0, 4], counts.GeneratedTokens.ToArray());
    }

    [Fact]
    public void Tokens_at_which_a_schedule_is_0_are_not_counted()
    {
        var start = Recipe.Use(Recipe.Vector("resid_post.1"), strength: 0, index: 0) with { Schedule = new(ScheduleKind.Linear, 1, 2) };
        var end = Recipe.Use(Recipe.Vector("resid_post.1"), strength: 1, index: 1) with { Schedule = new(ScheduleKind.Linear, 0, 2) };

        var counts = SteeringExpectation.Count(Recipe.Compile(start, end), Prompt, Generated);

        Assert.Equal([0, 10], counts.PromptTokens.ToArray());
        Assert.Equal([3, 2], counts.GeneratedTokens.ToArray());
    }

    [Fact]
    public void Without_generated_tokens_only_the_prompt_counts()
    {
        var counts = SteeringExpectation.Count(Recipe.Compile(Recipe.Use(Recipe.Vector("resid_post.1"))), Prompt, []);

        Assert.Equal((10, 0), (counts.PromptTokens[0], counts.GeneratedTokens[0]));
    }

    [Fact]
    public void An_unsteered_request_counts_nothing() => Assert.Empty(SteeringExpectation.Count(InterventionPlan.Empty, Prompt, Generated).PromptTokens);

    [Fact]
    public void Coefficients_follow_positions_tokens_and_the_schedule_without_allocating()
    {
        var edit = Recipe.Compile(Recipe.Use(Recipe.Vector("resid_post.1"), strength: 2) with
        {
            Apply = new() { PromptWindow = (3, null), Tokens = [5] },
            Schedule = new(ScheduleKind.Linear, 0, 4),
        }).Edits[0];
        double Sum()
        {
            double sum = 0;
            for (int i = 0; i < 20; i++) sum += edit.CoefficientAt(i, 5, 10);
            return sum;
        }

        Assert.Equal([0, 2, 0, 2, 1.5, 0], new[] { (2, 5), (3, 5), (3, 6), (10, 5), (11, 5), (14, 5) }.Select(at => edit.CoefficientAt(at.Item1, at.Item2, 10)));
        Sum();
        Assert.Equal(0, Allocations.Of(() => Sum()));
    }
}
