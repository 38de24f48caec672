using System.Collections.Immutable;
using Steering.Engine.Interventions;

namespace Steering.Tests.Interventions;

/// <summary>Rules on a prompt of 10 tokens: 1 BOS, template at 0-3 and 8-9; generated tokens are 10 and on. Tables show positions 0 to 15.</summary>
public class PositionResolverTests
{
    private static readonly PromptLayout Chat = new(10, 1, [(0, 4), (8, 10)], true);

    public static TheoryData<string, string, PositionRule> Rules => new()
    {
        { "everything, BOS included", "################", PositionRule.Everywhere },
        { "prompt only", "##########......", new() { Generation = GenerationPhase.None } },
        { "generated", "..........######", new() { Prompt = false } },
        { "decode", ".........#######", new() { Prompt = false, Generation = GenerationPhase.Decode } },
        { "prompt and decode", "################", new() { Generation = GenerationPhase.Decode } },
        { "nothing", "................", new() { Prompt = false, Generation = GenerationPhase.None } },
        { "window from the prompt's end", "......####......", new() { PromptWindow = (-4, null), Generation = GenerationPhase.None } },
        { "window restricts the prompt only", "......##..######", new() { PromptWindow = (-4, -2) } },
        { "window and decode", "..##.....#######", new() { PromptWindow = (2, 4), Generation = GenerationPhase.Decode } },
        { "window of mixed signs", "..######........", new() { PromptWindow = (2, -2), Generation = GenerationPhase.None } },
        { "window from the start", "##..............", new() { PromptWindow = (0, 2), Generation = GenerationPhase.None } },
        { "window clamped at both ends", "##########......", new() { PromptWindow = (-40, 40), Generation = GenerationPhase.None } },
        { "spans", "#..##...##......", new() { Spans = [(3, 5), (-2, null), (0, 1)], Generation = GenerationPhase.None } },
        { "overlapping spans", "..#####.........", new() { Spans = [(2, 5), (4, 7)], Generation = GenerationPhase.None } },
        { "spans within a window", "....#...........", new() { Spans = [(3, 5), (-2, null)], PromptWindow = (4, 6), Generation = GenerationPhase.None } },
        { "generation window", "##########..##..", new() { GenerationWindow = (2, 4) } },
        { "generation window to the end", "............####", new() { Prompt = false, GenerationWindow = (2, null) } },
        { "generation window with decode", ".........##.....", new() { Prompt = false, Generation = GenerationPhase.Decode, GenerationWindow = (0, 1) } },
        { "huge generation window", "..............##", new() { Prompt = false, GenerationWindow = (4, int.MaxValue) } },
        { "without BOS", ".###############", new() { ExcludeBos = true } },
        { "without template", "....####..######", new() { ExcludeTemplate = true } },
        { "without template, prompt only", "....####........", new() { ExcludeTemplate = true, Generation = GenerationPhase.None } },
        { "without the first", "...#############", new() { ExcludeFirst = 3 } },
        { "without the first, into the generation", "............####", new() { ExcludeFirst = 12 } },
        { "all exclusions", ".....###..######", new() { ExcludeBos = true, ExcludeTemplate = true, ExcludeFirst = 5 } },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_rule_selects_its_positions(string name, string expected, PositionRule rule)
    {
        Assert.NotEmpty(name);
        var positions = Resolve(rule).Positions;

        Assert.Equal(expected, string.Concat(Enumerable.Range(0, 16).Select(position => positions.Contains(position, 5) ? '#' : '.')));
        Assert.Equal(expected.Count(mark => mark == '#'), positions.CountIn(0, 16));
        Assert.Equal(expected.Skip(3).Take(9).Count(mark => mark == '#'), positions.CountIn(3, 12));
    }

    [Fact]
    public void Equal_sets_of_positions_have_one_form()
    {
        Assert.Same(ResolvedPositions.All, Resolve(PositionRule.Everywhere).Positions);
        Assert.Same(ResolvedPositions.All, Resolve(new() { PromptWindow = (0, null) }).Positions);
        Assert.Same(ResolvedPositions.All, Resolve(new() { Spans = [(5, null), (0, 5)] }).Positions);
        Assert.Equal([(2, 7)], Resolve(new() { Spans = [(2, 5), (4, 6), (6, 7)], Generation = GenerationPhase.None }).Positions.Spans);
    }

    [Fact]
    public void Positions_end_only_with_the_sequence() => Assert.True(Resolve(new() { Prompt = false }).Positions.Contains(int.MaxValue - 1, 0));

    [Fact]
    public void Token_ids_restrict_every_position()
    {
        var positions = Resolve(new() { Tokens = [42, 7, 42], Generation = GenerationPhase.None }).Positions;

        Assert.True(positions.Contains(3, 7) && positions.Contains(0, 42));
        Assert.False(positions.Contains(3, 8) || positions.Contains(10, 7));
        Assert.Equal([7, 42], positions.Tokens.ToArray());
    }

    public static TheoryData<PositionRule, string> Warned => new()
    {
        { new() { PromptWindow = (-40, null) }, "apply.prompt_window: [-40, null) reaches beyond this prompt of 10 tokens and is clamped to [0, 10)" },
        { new() { PromptWindow = (4, 11) }, "apply.prompt_window: [4, 11) reaches beyond this prompt of 10 tokens and is clamped to [4, 10)" },
        { new() { PromptWindow = (12, 15) }, "apply.prompt_window: [12, 15) selects nothing of this prompt" },
        { new() { PromptWindow = (-4, 0) }, "apply.prompt_window: [-4, 0) selects nothing of this prompt" },
        { new() { Spans = [(0, 2), (9, 12)] }, "apply.spans[1]: [9, 12) reaches beyond" },
        { new() { Prompt = false, Generation = GenerationPhase.None }, "apply: selects no position" },
        { new() { ExcludeFirst = 10, Generation = GenerationPhase.None }, "apply: selects no position" },
        { new() { Prompt = false, Generation = GenerationPhase.Decode, ExcludeTemplate = true }, "apply: the last prompt position, which decode steers, belongs to the template" },
    };

    [Theory]
    [MemberData(nameof(Warned))]
    public void What_a_rule_loses_is_said(PositionRule rule, string warning) =>
        Assert.Contains(Resolve(rule).Warnings, text => text.StartsWith("steering.use[0]." + warning, StringComparison.Ordinal));

    [Fact]
    public void Rules_that_fit_the_prompt_cause_no_warning() =>
        Assert.Empty(Resolve(new() { PromptWindow = (-10, null), Spans = [(0, 10)], ExcludeBos = true, ExcludeTemplate = true, ExcludeFirst = 1 }).Warnings);

    public static TheoryData<PositionRule, string, string> Malformed => new()
    {
        { new() { PromptWindow = (5, 5) }, "prompt_window", "found [5, 5), which is empty for every prompt" },
        { new() { PromptWindow = (-2, -4) }, "prompt_window", "found [-2, -4)" },
        { new() { Spans = [(0, 1), (7, 3)] }, "spans[1]", "found [7, 3)" },
        { new() { GenerationWindow = (-1, 4) }, "generation_window", "found [-1, 4)" },
        { new() { GenerationWindow = (4, 4) }, "generation_window", "expected 0 <= start < end" },
        { new() { Prompt = false, PromptWindow = (0, 4) }, "prompt_window", "the prompt is not steered" },
        { new() { Prompt = false, Spans = [(0, 4)] }, "spans", "the prompt is not steered" },
        { new() { Generation = GenerationPhase.None, GenerationWindow = (0, 4) }, "generation_window", "the generation is not steered" },
        { new() { ExcludeFirst = -1 }, "exclude_first", "found -1" },
        { new() { Tokens = [3, -4] }, "tokens[1]", "found -4" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Malformed_rules_are_refused(PositionRule rule, string field, string message)
    {
        var problem = Assert.Single(Compile(rule, Chat).Problems);

        Assert.Equal(($"steering.use[0].apply.{field}", SteeringProblemCode.BadPositions), (problem.Path, problem.Code));
        Assert.Contains(message, problem.Message);
    }

    [Fact]
    public void Excluding_the_template_is_refused_with_the_reason_where_it_is_not_known()
    {
        var prompt = new PromptLayout(10, 1, [], false) { WhyTemplateUnknown = "this template rewrites message contents" };

        var problem = Assert.Single(Compile(new() { ExcludeTemplate = true }, prompt).Problems);

        Assert.Equal(("steering.use[0].apply.exclude", SteeringProblemCode.TemplateUnknown), (problem.Path, problem.Code));
        Assert.Contains("this template rewrites message contents", problem.Message);
    }

    [Fact]
    public void A_prompt_whose_template_is_not_known_can_be_steered_otherwise() =>
        Assert.Empty(Compile(new() { ExcludeBos = true }, new PromptLayout(10, 1, ImmutableArray<(int, int)>.Empty, false)).Problems);

    private static (ResolvedPositions Positions, ImmutableArray<string> Warnings) Resolve(PositionRule rule)
    {
        var result = Compile(rule, Chat);
        Assert.Empty(result.Problems);
        return (result.Plan!.Uses[0].Positions, result.Plan.Warnings);
    }

    private static PlanResult Compile(PositionRule rule, PromptLayout prompt) =>
        PlanCompiler.Compile(new SteeringSpec([Recipe.Use(Recipe.Vector("resid_post.1")) with { Apply = rule }]), Recipe.Sites, prompt, new DirectionCache());
}
