using System.Text.Json;
using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests;

public class AttributeTests
{
    private const string Reply = """
        {"value":-1.5,"baseline_value":-4,"sum":2.25,"completeness_error":-0.25,"warnings":["made with another model"],"sides":[
          {"side":"answer","gradients":400,"within_tolerance":false,"tokens":[{"token":"Once","id":1,"part":"prompt","score":0.5},{"token":"\u001b[31m","id":2,"part":"answer","score":-2}]},
          {"side":"contrast","gradients":16,"within_tolerance":true,"tokens":[{"token":"Once","id":1,"part":"prompt","score":1}]}]}
        """;

    [Fact]
    public async Task The_request_holds_what_was_given_and_nothing_else()
    {
        await using var server = new FakeServer();
        string? sent = null;
        server.On("/v1/attributions", (request, connection) =>
        {
            sent = request.Body;
            return connection.SendJsonAsync(Reply);
        });

        await new Steer().RunAsync(server, "attribute", "Tell me.", " Yes", "--chat", "--contrast", " No", "--rule", "midpoint", "--points", "8", "--steer", "2 polite");

        Assert.Equal("""{"messages":[{"role":"user","content":"Tell me."}],"answer":" Yes","contrast":" No","rule":"midpoint","points":8,"steering":"2 polite"}""", JsonSerializer.Serialize(JsonDocument.Parse(sent!).RootElement));
    }

    [Fact]
    public async Task A_pipe_gets_a_row_for_each_token()
    {
        await using var server = new FakeServer();
        server.On("/v1/attributions", (_, connection) => connection.SendJsonAsync(Reply));
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "attribute", "Once", " upon"));

        string[] lines = [.. steer.Out.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd())];
        Assert.Matches("^ *answer +prompt +0.5000 +Once$", lines[1]);
        Assert.Matches("^ *contrast +prompt +1.0000 +Once$", lines[^1]);
    }

    [Fact]
    public async Task A_terminal_gets_coloured_text_without_the_models_own_controls()
    {
        await using var server = new FakeServer();
        server.On("/v1/attributions", (_, connection) => connection.SendJsonAsync(Reply));
        var steer = new Steer { OutputIsTerminal = true, Colours = true };

        await steer.RunAsync(server, "attribute", "Once", " upon");

        string output = steer.Out.ToString();
        Assert.Contains("\\u001b[31m", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[31m\\", output, StringComparison.Ordinal);
        Assert.Contains("\u001b[", output, StringComparison.Ordinal); // ours
        Assert.Contains("the scores add up to 2.2500, -0.2500 from the difference", output, StringComparison.Ordinal);
        Assert.Contains("answer: the budget of 400 gradients ended", output, StringComparison.Ordinal);
        Assert.DoesNotContain("contrast: the budget", output, StringComparison.Ordinal);
        Assert.Contains("warning: made with another model", output, StringComparison.Ordinal);
    }
}
