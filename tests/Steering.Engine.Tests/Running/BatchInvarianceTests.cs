using Steering.Engine.Interventions;
using Steering.Engine.Running;
using Steering.Tests.Models;

namespace Steering.Tests.Running;

/// <summary>The promise that steering is data: what shares a step with a request never changes its bits.</summary>
public sealed class BatchInvarianceTests
{
    public static TheoryData<string> Models() => [.. GoldenModel.Names];

    [Theory]
    [MemberData(nameof(Models))]
    public void Sixty_four_differently_steered_streams_each_equal_their_solo_run(string model)
    {
        using var run = new EngineRun(model: model);
        var requests = Enumerable.Range(0, 64).Select(i => run.Request(i, steered: i % 5 != 0)).ToArray();
        var alone = requests.Select(run.Alone).ToArray();

        var together = requests.Select(run.Submit).ToArray();
        run.Finish();

        for (int i = 0; i < requests.Length; i++) EngineRun.AssertSame(alone[i], EngineRun.Events(together[i]));
        Assert.True(alone.Select(a => string.Join(',', a.Select(e => e.Token))).Distinct().Count() > 40);
    }

    [Fact]
    public void Longrope_factors_are_settled_by_prompt_and_max_tokens_whoever_shares_the_batch()
    {
        using var run = new EngineRun(model: "phi3-longrope");
        var within = run.Request(3, steered: false) with { PromptLogprobs = 3 };
        within = within with { MaxTokens = 32 - within.Prompt.Length }; // the original context is 32
        var beyond = within with { MaxTokens = within.MaxTokens + 1 };
        var (shortAlone, longAlone) = (run.Alone(within), run.Alone(beyond));
        var (shortTogether, longTogether) = (run.Submit(within), run.Submit(beyond));
        run.Finish();

        EngineRun.AssertSame(shortAlone, EngineRun.Events(shortTogether));
        EngineRun.AssertSame(longAlone, EngineRun.Events(longTogether));
        // The same prompt, scored with the one list of factors and with the other.
        Assert.NotEqual(shortAlone[5].Logprob, longAlone[5].Logprob);
        Assert.True(shortAlone[5].IsPrompt && longAlone[5].IsPrompt);
    }

    [Fact]
    public void Unsteered_request_is_bit_identical_in_a_steered_batch()
    {
        using var run = new EngineRun();
        var plain = run.Request(7, steered: false, tokens: 40);
        var alone = run.Alone(plain);

        var together = run.Submit(plain);
        for (int i = 20; i < 40; i++) run.Submit(run.Request(i, steered: true, tokens: 30));
        run.Finish();

        EngineRun.AssertSame(alone, EngineRun.Events(together));
    }

    [Fact]
    public void A_request_that_arrives_late_or_is_prefilled_in_other_chunks_gets_the_same_bits()
    {
        using var run = new EngineRun();
        using var small = new EngineRun(new EngineOptions { MaxSequences = 4, TokensPerStep = 5 });
        var request = run.Request(33, steered: true, tokens: 30);
        var alone = run.Alone(request);

        for (int i = 0; i < 6; i++) run.Submit(run.Request(i, steered: true));
        for (int i = 0; i < 7; i++) run.Engine.Step();
        var late = run.Submit(request);
        run.Finish();

        EngineRun.AssertSame(alone, EngineRun.Events(late));
        EngineRun.AssertSame(alone, small.Alone(request));
    }

    [Theory]
    [InlineData(Operation.Add)]
    [InlineData(Operation.ScaleCoordinate)]
    [InlineData(Operation.SetCoordinate)]
    [InlineData(Operation.ProjectBoost)]
    [InlineData(Operation.LowRank)]
    public void Strength_zero_is_bit_identical_to_no_steering(Operation operation)
    {
        using var run = new EngineRun();
        var plain = run.Request(12, steered: false);
        float[] values = [.. Enumerable.Range(1, 48).Select(i => (float)i)];
        (string, float[], int)[] tensors = operation switch
        {
            Operation.ProjectBoost => [("u", values, 1)],
            Operation.LowRank => [("r", [.. values, .. values], 2), ("w", [.. values, .. values], 2), ("b", [3, -4], 1)],
            _ => [("", values, 1)],
        };
        var use = GoldenRecipe.Use(operation, 0, ["resid_post.2"], tensors) with
        {
            Parameters = operation == Operation.SetCoordinate ? new OperationParameters { Value = 9 } : OperationParameters.None,
            Renormalise = Renormalise.Token,
        };
        var zero = plain with { Plan = GoldenRecipe.Compile(run.Sites, plain.Prompt.Length, use) };

        EngineRun.AssertSame(run.Alone(plain), run.Alone(zero));
    }

    [Fact]
    public void A_schedule_that_passes_through_zero_leaves_that_token_alone_and_uncounted()
    {
        using var run = new EngineRun();
        var plain = run.Request(12, steered: false, tokens: 9);
        var use = GoldenRecipe.Use(Operation.Add, 1, ["resid_post.2"], ("", [.. Enumerable.Range(1, 48).Select(i => (float)i)], 1)) with
        {
            Schedule = new Schedule(ScheduleKind.Linear, To: 0, Over: 4),
            Apply = new PositionRule { Prompt = false },
        };
        var events = run.Alone(plain with { Plan = GoldenRecipe.Compile(run.Sites, plain.Prompt.Length, use) });

        // 9 tokens make 8 steered inputs at most; generated tokens 0 to 3 still have a strength.
        Assert.Equal([4], events[^1].Steered!.GeneratedTokens.AsEnumerable());
        Assert.Equal([0], events[^1].Steered!.PromptTokens.AsEnumerable());
    }

    [Fact]
    public void The_receipt_counts_what_the_rule_selects()
    {
        using var run = new EngineRun();
        for (int seed = 0; seed < 12; seed++)
        {
            var request = run.Request(seed, steered: true, tokens: 1 + seed);
            var events = run.Alone(request);
            int[] generated = [.. events.Where(e => e.Finish is null).Select(e => e.Token)];
            var expected = SteeringExpectation.Count(request.Plan, request.Prompt.AsSpan(), generated);
            Assert.Equal(expected.PromptTokens.AsEnumerable(), events[^1].Steered!.PromptTokens);
            Assert.Equal(expected.GeneratedTokens.AsEnumerable(), events[^1].Steered!.GeneratedTokens);
        }
    }
}
