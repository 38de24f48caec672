using System.Text.Json;
using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests;

public class ExtractTests
{
    private const string Queued = """{"name":"operations/42","metadata":{"state":"queued","vector":"honest","stages":[{"name":"attribution"},{"name":"strength"}],"fraction":0},"done":false}""";
    private const string Running = """{"name":"operations/42","metadata":{"state":"running","vector":"honest","stages":[{"name":"attribution","done":3,"total":8},{"name":"strength"}],"fraction":0.31,"remaining_seconds":12.4},"done":false}""";
    private const string Done = """
        {"name":"operations/42","metadata":{"state":"succeeded","vector":"honest","fraction":1},"done":true,"response":{"vector":"honest@3","existing":false,"examples":8,"recommended_block":1,
         "blocks":[{"block":0,"held_out_auc":0.5,"split_half_cosine":-0.1,"norm":2,"residual_norm":10},{"block":1,"held_out_auc":0.91,"split_half_cosine":0.6,"norm":3,"residual_norm":10}],
         "strength":{"unit":"rms","from":-0.4,"to":0.5},"use":{"vector":"honest@3","strength":0.25,"renormalise":"token"}}}
        """;

    [Fact]
    public async Task A_file_is_sent_with_what_was_given_and_followed_to_its_end()
    {
        await using var server = new FakeServer();
        string path = Path.Combine(Path.GetTempPath(), $"pairs-{Guid.NewGuid():N}.csv");
        await File.WriteAllTextAsync(path, "q,a,b\nx,y,z\n");
        server.On("/v1/extractions", (_, connection) => connection.SendJsonAsync(Queued, 202));
        server.On("/v1/operations/42/events", (_, connection) => SendEventsAsync(connection, Queued, Running, Done));
        server.Answers("/v1/operations/42", Done);
        var steer = new Steer();

        int code = await steer.RunAsync(server, "extract", path, "--vector", "honest", "--column", "prompt=q", "--column", "preferred=Best Answer", "--layers", "3-5", "--top-k", "4", "--chat");

        Assert.True(code == ExitCodes.Success, steer.Error.ToString());
        Assert.Equal("""{"vector":"honest","text":"q,a,b\nx,y,z\n","format":"csv","columns":{"prompt":"q","preferred":"Best Answer"},"chat":true,"layers":["3-5"],"grains":{"top_k":4}}""",
            JsonSerializer.Serialize(JsonDocument.Parse(server.Generations[0].Body).RootElement));
        string[] told = steer.Error.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("42: honest: queued (it waits for another one, or for its model)", told[0]);
        Assert.Equal("42: honest: attribution of 8, 31 %, about 12 s left", told[1]);
        Assert.Matches(@"1 \* +0\.91 +0\.60 +3 +0\.3", steer.Out.ToString());
        File.Delete(path);
    }

    [Fact]
    public async Task What_is_no_file_is_a_dataset_and_detaching_prints_the_id()
    {
        await using var server = new FakeServer();
        server.On("/v1/extractions", (_, connection) => connection.SendJsonAsync(Queued, 202));
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "extract", "pairs", "--vector", "honest", "--detach"));

        Assert.Equal("""{"vector":"honest","dataset":"pairs"}""", JsonSerializer.Serialize(JsonDocument.Parse(server.Generations[0].Body).RootElement));
        Assert.Equal("42", steer.Out.ToString().Trim());
        Assert.Equal(ExitCodes.Usage, await steer.RunAsync(server, "extract", "missing.jsonl", "--vector", "honest"));
        Assert.Contains("There is no file missing.jsonl", steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, await steer.RunAsync(server, "extract", "pairs", "--vector", "honest", "--column", "q"));
    }

    [Fact]
    public async Task Leaving_says_that_the_server_goes_on_and_a_failure_is_one()
    {
        await using var server = new FakeServer();
        using var leave = new CancellationTokenSource();
        server.On("/v1/operations/42/events", async (_, connection) =>
        {
            await connection.BeginStreamAsync();
            await connection.EventAsync(Running);
            await leave.CancelAsync();
            await Task.Delay(200);
        });
        server.On("/v1/operations/43/events", (_, connection) => SendEventsAsync(connection, """{"name":"operations/43","metadata":{"state":"failed"},"done":true,"error":{"code":9,"message":"The examples are the same."}}"""));
        var steer = new Steer();

        Assert.Equal(ExitCodes.Cancelled, await steer.With("STEER_SERVER", server.Address).RunAsync(["operations", "watch", "42"], leave.Token));
        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, "operations", "watch", "43"));

        Assert.Contains("steer operations cancel 42 ends it", steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("43: The examples are the same.", steer.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operations_and_datasets_are_listed_and_ended()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/operations", $$"""{"object":"list","operations":[{{Running}},{{Done}}]}""");
        server.Answers("/v1/operations/42", Done);
        server.Answers("/v1/operations/42:cancel", Running);
        server.Answers("/v1/datasets", """{"object":"list","data":[{"name":"pairs","format":"csv","rows":7,"columns":["a","b"],"bytes":90}]}""");
        var steer = new Steer { OutputIsTerminal = true };

        foreach (string[] command in (string[][])[["operations"], ["operations", "show", "42"], ["operations", "cancel", "operations/42"], ["operations", "delete", "42"], ["datasets"]])
            Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, command));

        string output = steer.Out.ToString();
        Assert.Contains("31 %", output, StringComparison.Ordinal);
        Assert.Contains("Answers hold at strengths from -0.4 to 0.5 (rms)", output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("42 is being cancelled.", output, StringComparison.Ordinal);
        Assert.Contains("a, b", output, StringComparison.Ordinal);
    }

    private static async Task SendEventsAsync(FakeConnection connection, params string[] events)
    {
        await connection.BeginStreamAsync();
        foreach (string data in events) await connection.EventAsync(data.ReplaceLineEndings(""));
        await connection.EventAsync("[DONE]");
    }
}
