using System.Text;
using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests;

public class StreamingTests
{
    [Theory]
    [InlineData("generate", "/v1/completions")]
    [InlineData("chat", "/v1/chat/completions")]
    public async Task Text_is_written_as_it_arrives(string command, string path)
    {
        await using var server = new FakeServer();
        var steer = new Steer();
        server.On(path, async (_, connection) =>
        {
            await connection.BeginStreamAsync();
            await connection.EventAsync(Replies.Chunk(path, "first"));
            await steer.Out.WaitForAsync("first");
            await connection.EventAsync(Replies.Chunk(path, " second"));
            await connection.EventAsync(Replies.Chunk(path, "", "stop"));
            await connection.EventAsync("[DONE]");
        });

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, command, "x"));

        Assert.Equal("first second" + Environment.NewLine, steer.Out.ToString());
        Assert.Empty(steer.Error.ToString());
    }

    [Theory]
    [InlineData("generate")]
    [InlineData("chat")]
    public async Task Streamed_and_whole_answers_print_the_same(string command)
    {
        await using var server = new FakeServer();
        server.AnswersWith(["Once ", "upon ", "a time.\n"]);
        var streamed = new Steer();
        var whole = new Steer();

        await streamed.RunAsync(server, command, "x");
        await whole.RunAsync(server, command, "x", "--no-stream");

        Assert.Equal("Once upon a time.\n", streamed.Out.ToString());
        Assert.Equal(streamed.Out.ToString(), whole.Out.ToString());
        Assert.Equal([true, false], server.Generations.Select(request => request["stream"]!.Value.GetBoolean()));
    }

    [Fact]
    public async Task Characters_cut_by_the_network_stay_whole()
    {
        await using var server = new FakeServer();
        var steer = new Steer();
        byte[] data = Encoding.UTF8.GetBytes("data: {\"choices\":[{\"index\":0,\"text\":\"ä🌍語\",\"finish_reason\":null}]}\n\ndata: [DONE]\n\n");
        server.On("/v1/completions", async (_, connection) =>
        {
            await connection.BeginStreamAsync();
            foreach (byte one in data)
            {
                await connection.WriteAsync(new[] { one });
                if (one >= 0x80) await Task.Delay(5);
            }
        });

        await steer.RunAsync(server, "generate", "x");

        Assert.Equal("ä🌍語" + Environment.NewLine, steer.Out.ToString());
    }

    [Fact]
    public async Task Nothing_after_the_end_mark_is_waited_for()
    {
        await using var server = new FakeServer();
        var steer = new Steer();
        var closed = new TaskCompletionSource();
        server.On("/v1/completions", async (request, connection) =>
        {
            await Replies.StreamAsync(connection, request.Path, ["done"], null);
            await connection.ClosedByClientAsync();
            closed.SetResult();
        });

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "generate", "x"));

        await closed.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_stream_that_ends_early_is_an_error()
    {
        await using var server = new FakeServer();
        var steer = new Steer();
        server.On("/v1/completions", async (request, connection) =>
        {
            await connection.BeginStreamAsync();
            await connection.EventAsync(Replies.Chunk(request.Path, "half"));
        });

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, "generate", "x"));

        Assert.Equal("half", steer.Out.ToString());
        Assert.Contains("before the answer was complete", steer.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_inside_a_stream_is_reported()
    {
        await using var server = new FakeServer();
        var steer = new Steer();
        server.On("/v1/completions", async (request, connection) =>
        {
            await connection.BeginStreamAsync();
            await connection.EventAsync(Replies.Chunk(request.Path, "half"));
            await connection.EventAsync(Replies.Error("the engine stopped", null, "engine_stopped"));
            await connection.EventAsync("[DONE]");
        });

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, "generate", "x"));

        Assert.Contains("error: the engine stopped", steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("code: engine_stopped", steer.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_prints_the_response_as_it_came()
    {
        await using var server = new FakeServer();
        server.AnswersWith(["text"], Replies.Receipt);
        var steer = new Steer();

        await steer.RunAsync(server, "generate", "x", "--json");

        Assert.Equal(Replies.Whole("/v1/completions", "text", Replies.Receipt) + Environment.NewLine, steer.Out.ToString());
    }
}
