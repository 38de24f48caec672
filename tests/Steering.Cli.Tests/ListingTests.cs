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
    public async Task Every_command_has_help_with_examples(string expected, params string[] command)
    {
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync([.. command, "--help"]));

        Assert.Contains(expected, steer.Out.ToString(), StringComparison.Ordinal);
        Assert.Contains("Examples:", steer.Out.ToString(), StringComparison.Ordinal);
        Assert.Contains("Exit codes:", steer.Out.ToString(), StringComparison.Ordinal);
    }
}
