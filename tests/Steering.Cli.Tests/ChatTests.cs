using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests;

public class ChatTests
{
    [Fact]
    public async Task A_message_is_answered_after_the_system_message()
    {
        await using var server = new FakeServer();
        server.AnswersWith(["Hello."]);
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "chat", "Hi", "--system", "You are wise."));

        Assert.Equal("""[{"role":"system","content":"You are wise."},{"role":"user","content":"Hi"}]""", server.Generations[0]["messages"]!.Value.GetRawText());
        Assert.Equal("Hello." + Environment.NewLine, steer.Out.ToString());
    }

    [Fact]
    public async Task A_conversation_remembers_what_was_said()
    {
        await using var server = new FakeServer();
        server.AnswersWith(request => [$"answer {request["messages"]!.Value.GetArrayLength()}"], _ => null);

        Assert.Equal(ExitCodes.Success, await new Steer { Input = "one\n\ntwo\n/reset\nthree\n/quit\nfour\n" }.RunAsync(server, "chat", "--system", "s"));

        Assert.Equal(
            [
                """[{"role":"system","content":"s"},{"role":"user","content":"one"}]""",
                """[{"role":"system","content":"s"},{"role":"user","content":"one"},{"role":"assistant","content":"answer 2"},{"role":"user","content":"two"}]""",
                """[{"role":"system","content":"s"},{"role":"user","content":"three"}]""",
            ],
            server.Generations.Select(request => request["messages"]!.Value.GetRawText()));
    }

    [Fact]
    public async Task Steering_changes_within_a_conversation()
    {
        await using var server = new FakeServer();
        server.AnswersWith(["ok"]);
        var steer = new Steer { Input = "one\n/steer 2 mood-joyful - 0.5 polite\ntwo\n/steer\n/steer off\nthree\n" };

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "chat", "--vector", "honest"));

        Assert.Equal(["""{"use":[{"vector":"honest"}]}""", "\"2 mood-joyful - 0.5 polite\"", null], server.Generations.Select(request => request["steering"]?.GetRawText()));
        Assert.Contains("Steered: 2 mood-joyful - 0.5 polite", steer.Out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task At_a_terminal_an_error_does_not_end_the_conversation()
    {
        await using var server = new FakeServer();
        server.On("/v1/chat/completions", (request, connection) => request.Body.Contains("bad", StringComparison.Ordinal)
            ? connection.SendJsonAsync(Replies.Error("refused", null, null), 400)
            : Replies.StreamAsync(connection, request.Path, ["fine"], null));
        var steer = new Steer { Input = "bad\n/nonsense\ngood\n", InputIsTerminal = true, OutputIsTerminal = true };

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "chat"));

        Assert.Contains("error: refused", steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("/nonsense is not known", steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal("""[{"role":"user","content":"good"}]""", server.Generations[1]["messages"]!.Value.GetRawText());
        Assert.Contains("> fine", steer.Out.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bad\ngood\n", ExitCodes.Failure, 1)]
    [InlineData("/nonsense\ngood\n", ExitCodes.Usage, 0)]
    public async Task From_a_pipe_the_first_error_ends_the_conversation(string input, int expected, int requests)
    {
        await using var server = new FakeServer();
        server.On("/v1/chat/completions", (_, connection) => connection.SendJsonAsync(Replies.Error("refused", null, null), 400));

        Assert.Equal(expected, await new Steer { Input = input }.RunAsync(server, "chat"));

        Assert.Equal(requests, server.Generations.Count);
    }

    [Fact]
    public async Task Help_lists_what_can_be_typed()
    {
        await using var server = new FakeServer();
        var steer = new Steer { Input = "/help\n/exit\n" };

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "chat"));

        foreach (string word in (string[])["/steer", "/reset", "/quit"]) Assert.Contains(word, steer.Out.ToString(), StringComparison.Ordinal);
    }
}
