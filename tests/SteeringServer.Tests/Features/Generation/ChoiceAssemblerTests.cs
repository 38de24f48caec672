using System.Collections.Immutable;
using Steering.Engine.Generation;
using Steering.V1;
using SteeringServer.Features.Generation;
using SteeringServer.Requests;
using SteeringServer.Tests.Fixtures;
using FinishReason = Steering.Engine.Generation.FinishReason;

namespace SteeringServer.Tests.Features.Generation;

/// <summary>The text of a choice does not depend on how far the engine ran before it saw that a stop string had ended it.</summary>
[Collection(ServerCollection.Name)]
public sealed class ChoiceAssemblerTests(ServerFixture fixture)
{
    private readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task A_text_that_a_stop_string_ended_is_counted_as_shown_however_far_the_engine_ran()
    {
        var (generation, events) = await RunToTheEndAsync();
        var assembler = new ChoiceAssembler(generation, 0, isUnsteered: false, generation.RequestFor(0, false), _server.Served.Model.Tokenizer);

        int untilStop = 0;
        ChoiceUpdate update = default;
        string text = "";
        foreach (var token in events)
        {
            if (!assembler.IsStopped) untilStop++;
            if (assembler.Accept(token, out update)) text += update.Text;
        }

        Assert.True(untilStop < events.Length - 1, "the stop string comes before the engine's own end");
        Assert.DoesNotContain("the", text, StringComparison.Ordinal);
        Assert.Equal((FinishReason.Stop, untilStop), (update.End!.Reason, update.End.Tokens));
        Assert.Equal((generation.Prompts[0].Tokens.Length, untilStop - 1), (update.End.Steered!.PromptTokens[0], update.End.Steered.GeneratedTokens[0]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task An_engine_that_counts_otherwise_than_the_plan_is_not_believed_after_a_stop_string_either(int more)
    {
        var (generation, events) = await RunToTheEndAsync();
        var counted = events[^1].Steered!;
        events[^1] = events[^1] with { Steered = counted with { GeneratedTokens = [counted.GeneratedTokens[0] + more] } };
        var assembler = new ChoiceAssembler(generation, 0, isUnsteered: false, generation.RequestFor(0, false), _server.Served.Model.Tokenizer);

        ChoiceUpdate update = default;
        foreach (var token in events) assembler.Accept(token, out update);

        Assert.Equal(FinishReason.Error, update.End!.Reason);
        Assert.StartsWith("steering was applied to ", update.End.Error, StringComparison.Ordinal);
    }

    // Nobody tells this engine to stop: what a reader sees who is a whole answer behind.
    private async Task<(PreparedGeneration Generation, TokenEvent[] Events)> RunToTheEndAsync()
    {
        var request = new GenerateRequest
        {
            Messages = { Rpc.Says("Tell me a story.") },
            Seed = 11,
            MaxTokens = 25,
            IgnoreEos = true,
            Stop = { "the" },
            Steering = new SteeringSpec { Use = { new VectorUse { Vector = "genre-sea" } } },
        };
        var generation = GenerationMessageReader.Read(request, null, _server.Served, new FieldProblems());
        var events = new List<TokenEvent>();
        await foreach (var token in _server.Served.Engine.Submit(generation.RequestFor(0, false)).Events.ReadAllAsync()) events.Add(token);
        return (generation, [.. events]);
    }
}
