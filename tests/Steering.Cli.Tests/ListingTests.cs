using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests;

public class ListingTests
{
    [Theory]
    [InlineData()]
    [InlineData("--no-stream")]
    public async Task The_receipt_follows_the_text(params string[] options)
    {
        await using var server = new FakeServer();
        server.AnswersWith(["Rain."], Replies.Receipt);
        var steer = new Steer();

        await steer.RunAsync(server, ["chat", "x", "--steer", "2 mood-sorrowful", "--receipt", .. options]);

        string[] lines = [.. steer.Out.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd())];
        Assert.Equal("Rain.", lines[0]);
        Assert.Matches("^ *vector +version +strength +unit +sites +tokens steered$", lines[1]);
        Assert.Matches("^ *mood-sorrowful +1 +2 +raw +resid_post.2-6 +12 prompt, 63 generated$", lines[2]);
    }

    [Fact]
    public async Task An_empty_receipt_says_so_and_warnings_are_shown()
    {
        await using var server = new FakeServer();
        server.AnswersWith(["x"], """{"applied":[],"warnings":["made with another model"]}""");
        var steer = new Steer();

        await steer.RunAsync(server, "generate", "x", "--receipt");

        Assert.Contains("No steering was applied.", steer.Out.ToString(), StringComparison.Ordinal);
        Assert.Contains("warning: made with another model", steer.Out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Models_are_listed()
    {
        await using var server = new FakeServer();
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "models"));

        Assert.Contains("storyworld@mood-joyful", steer.Out.ToString(), StringComparison.Ordinal);
        Assert.Contains("steering", steer.Out.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("load", """{"id":"spare","state":"loading","loading":{"done_bytes":5,"total_bytes":10}}""", """{"id":"spare","state":"ready"}""", ExitCodes.Success, "spare: ready")]
    [InlineData("load", """{"id":"spare","state":"ready","loading":{"done_bytes":0,"total_bytes":0}}""", """{"id":"spare","state":"ready","error":"config.json: model_type: no"}""", ExitCodes.Failure, "model_type: no")]
    [InlineData("load", """{"id":"spare","state":"loading"}""", """{"id":"spare","state":"unloaded"}""", ExitCodes.Failure, "somebody else has changed it")]
    [InlineData("unload", """{"id":"spare","state":"draining"}""", """{"id":"spare","state":"unloaded"}""", ExitCodes.Success, "spare: unloaded")]
    public async Task Loading_and_unloading_wait_and_say_how_it_went(string verb, string begun, string ended, int exitCode, string said)
    {
        await using var server = new FakeServer();
        server.On($"/v1/models/spare:{verb}", (_, connection) => connection.SendJsonAsync(begun));
        server.On("/v1/models/spare", (_, connection) => connection.SendJsonAsync(ended));
        var steer = new Steer();

        Assert.Equal(exitCode, await steer.RunAsync(server, "models", verb, "spare"));
        Assert.Contains(said, $"{steer.Out}{steer.Error}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_waiting_it_says_what_has_begun()
    {
        await using var server = new FakeServer();
        server.On("/v1/models/spare:load", (_, connection) => connection.SendJsonAsync("""{"id":"spare","state":"loading"}"""));
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "models", "load", "spare", "--no-wait"));
        Assert.Equal("spare: loading", steer.Out.ToString().Trim());
    }

    [Fact]
    public async Task Vectors_of_another_model_are_asked_for_by_its_name()
    {
        await using var server = new FakeServer();
        string? query = null;
        server.On("/v1/vectors?archived=true&model=spare", (request, connection) =>
        {
            query = request.Path;
            return connection.SendJsonAsync("""{"data":[]}""");
        });

        Assert.Equal(ExitCodes.Success, await new Steer().RunAsync(server, "vectors", "--archived", "--model", "spare"));
        Assert.EndsWith("?archived=true&model=spare", query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Capabilities_are_shown_as_an_outline_whatever_they_hold()
    {
        await using var server = new FakeServer();
        server.On("/v1/capabilities", (_, connection) => connection.SendJsonAsync(
            """{"model":"storyworld","sites":["resid_post.0","resid_post.1","final_norm"],"limits":{"context":512},"newer":[{"a":1,"b":null}],"flag":true}"""));
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "capabilities"));

        Assert.Equal(
            ["model: storyworld", "sites: resid_post.0-1, final_norm", "limits:", "  context: 512", "newer:", "  -", "    a: 1", "    b:", "flag: true"],
            steer.Out.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd()));
    }

    [Theory]
    [InlineData("models", "/v1/models")]
    [InlineData("vectors", "/v1/vectors")]
    [InlineData("capabilities", "/v1/capabilities")]
    public async Task Json_prints_a_listing_as_it_came(string command, string path)
    {
        await using var server = new FakeServer();
        server.On(path, (_, connection) => connection.SendJsonAsync("""{"data": [],   "x":1}"""));
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, command, "--json"));

        Assert.Equal("""{"data": [],   "x":1}""" + Environment.NewLine, steer.Out.ToString());
    }

    [Theory]
    [InlineData("steer chat \"Tell me a story.\"")]
    [InlineData("--apply", "generate")]
    [InlineData("/help", "chat")]
    [InlineData("steer models", "models")]
    [InlineData("steer vectors --json", "vectors")]
    [InlineData("steer capabilities", "capabilities")]
    [InlineData("--column prompt=Question", "extract")]
    [InlineData("steer operations watch", "operations")]
    [InlineData("steer operations cancel", "operations", "cancel")]
    [InlineData("steer datasets add", "datasets", "add")]
    public async Task Every_command_has_help_with_examples(string expected, params string[] command)
    {
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync([.. command, "--help"]));

        Assert.Contains(expected, steer.Out.ToString(), StringComparison.Ordinal);
        Assert.Contains("Examples:", steer.Out.ToString(), StringComparison.Ordinal);
        Assert.Contains("Exit codes:", steer.Out.ToString(), StringComparison.Ordinal);
    }
}
