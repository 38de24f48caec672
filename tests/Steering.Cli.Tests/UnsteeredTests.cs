using System.Text.Json;
using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests;

public class UnsteeredTests
{
    [Theory]
    [InlineData("generate")]
    [InlineData("chat")]
    public async Task Without_a_terminal_the_answers_follow_each_other_under_headings(string command)
    {
        await using var server = new FakeServer();
        SteeredSays(server, "Rain ", "fell.");
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, command, "x", "--steer", "2 mood-sorrowful", "--unsteered"));

        Assert.Equal(["== unsteered ==", "The sun shone.", "", "== steered: 2 mood-sorrowful ==", "Rain fell.", ""], steer.Out.ToString().Split(Environment.NewLine));
    }

    [Fact]
    public async Task Both_requests_are_the_same_but_for_the_steering_and_share_a_seed()
    {
        await using var server = new FakeServer();
        SteeredSays(server, "Rain.");

        await new Steer().RunAsync(server, "generate", "x", "--steer", "2 mood-sorrowful", "--unsteered", "--temperature", "0.7");

        var (steered, unsteered) = Both(server);
        Assert.NotNull(steered["seed"]);
        Assert.Equal(unsteered.Body, steered.Body.Replace("\"steering\":\"2 mood-sorrowful\",", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_seed_that_was_given_is_used()
    {
        await using var server = new FakeServer();
        SteeredSays(server, "Rain.");

        await new Steer().RunAsync(server, "generate", "x", "--vector", "mood-sorrowful:2", "--unsteered", "--seed", "11");

        Assert.All(server.Generations, request => Assert.Equal(11, request["seed"]!.Value.GetInt64()));
    }

    [Fact]
    public async Task A_model_with_a_vector_in_its_name_is_compared_with_the_bare_model()
    {
        await using var server = new FakeServer();
        server.AnswersWith(["x"]);

        await new Steer().RunAsync(server, "generate", "x", "--model", "storyworld@mood-joyful:2", "--unsteered");

        Assert.Equal(["storyworld", "storyworld@mood-joyful:2"], server.Generations.Select(request => request["model"]!.Value.GetString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Both_streams_run_at_the_same_time()
    {
        await using var server = new FakeServer();
        using var bothHere = new CountdownEvent(2);
        var both = new TaskCompletionSource();
        server.On("/v1/completions", async (request, connection) =>
        {
            if (bothHere.Signal()) both.SetResult();
            await both.Task.WaitAsync(TimeSpan.FromSeconds(20));
            await Replies.StreamAsync(connection, request.Path, ["x"], null);
        });

        Assert.Equal(ExitCodes.Success, await new Steer().RunAsync(server, "generate", "x", "--steer", "polite", "--unsteered"));
    }

    [Fact]
    public async Task At_a_terminal_the_answers_grow_side_by_side()
    {
        await using var server = new FakeServer();
        var steer = new Steer { OutputIsTerminal = true };
        server.On("/v1/completions", async (request, connection) =>
        {
            bool steered = request["steering"] is not null;
            await connection.BeginStreamAsync();
            await connection.EventAsync(Replies.Chunk(request.Path, steered ? "Rain" : "Sun"));
            await steer.Out.WaitForAsync("Rain");
            await steer.Out.WaitForAsync("Sun");
            await connection.EventAsync(Replies.Chunk(request.Path, steered ? " fell." : " shone."));
            await connection.EventAsync(Replies.Chunk(request.Path, "", "stop", steered ? Replies.Receipt : null));
            await connection.EventAsync("[DONE]");
        });

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "generate", "x", "--steer", "2 mood-sorrowful", "--unsteered", "--receipt"));

        string[] lines = steer.Out.ToString().Split('\n');
        Assert.Matches(@"unsteered.* │ .*steered: 2 mood-sorrowful", Array.FindLast(lines, line => line.Contains("unsteered", StringComparison.Ordinal)));
        Assert.Matches(@"│ Sun shone\. +│ Rain fell\. +│", Array.FindLast(lines, line => line.Contains("Rain fell.", StringComparison.Ordinal)));
        Assert.Contains("12 prompt, 63 generated", steer.Out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_one_of_the_two_fails_the_other_is_closed_and_the_error_shown()
    {
        await using var server = new FakeServer();
        TaskCompletionSource begun = new(), closed = new();
        server.On("/v1/completions", async (request, connection) =>
        {
            if (request["steering"] is not null)
            {
                await begun.Task; // or the other request might be taken back before the server has seen it
                await connection.SendJsonAsync(Replies.Error("no vector 'nothing'", "steering", "vector_not_found"), 404);
                return;
            }
            await connection.BeginStreamAsync();
            begun.SetResult();
            await connection.ClosedByClientAsync();
            closed.SetResult();
        });
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, "generate", "x", "--steer", "nothing", "--unsteered"));

        Assert.Contains("no vector 'nothing'", steer.Error.ToString(), StringComparison.Ordinal);
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Json_holds_both_responses()
    {
        await using var server = new FakeServer();
        SteeredSays(server, "Rain.");
        var steer = new Steer();

        await steer.RunAsync(server, "generate", "x", "--steer", "2 mood-sorrowful", "--unsteered", "--json");

        using var document = JsonDocument.Parse(steer.Out.ToString());
        Assert.Equal("The sun shone.", document.RootElement.GetProperty("unsteered").GetProperty("choices")[0].GetProperty("text").GetString());
        Assert.Equal("Rain.", document.RootElement.GetProperty("steered").GetProperty("choices")[0].GetProperty("text").GetString());
    }

    private static void SteeredSays(FakeServer server, params string[] pieces) =>
        server.AnswersWith(request => request["steering"] is null ? ["The sun ", "shone."] : pieces, request => request["steering"] is null ? null : Replies.Receipt);

    private static (FakeRequest Steered, FakeRequest Unsteered) Both(FakeServer server) =>
        (server.Generations.Single(request => request["steering"] is not null), server.Generations.Single(request => request["steering"] is null));
}
