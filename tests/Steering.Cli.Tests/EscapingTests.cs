using Steering.Cli.Rendering;
using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests;

public class EscapingTests
{
    private const string Attack = "\u001b]0;owned\u0007 \u001b[2J\u009b31m\r\b [red]markup[/] \u202eolleh";
    private const string Escaped = @"\u001b]0;owned\u0007 \u001b[2J\u009b31m\u000d\u0008 [red]markup[/] \u202eolleh";

    [Theory]
    [InlineData("--no-stream")]
    [InlineData("--seed", "1")]
    public async Task A_terminal_gets_control_characters_escaped_and_markup_as_text(params string[] options)
    {
        await using var server = new FakeServer();
        server.AnswersWith([Attack]);
        var steer = new Steer { OutputIsTerminal = true };

        await steer.RunAsync(server, ["generate", "x", .. options]);

        Assert.Equal(Escaped + Environment.NewLine, steer.Out.ToString());
    }

    [Fact]
    public async Task A_pipe_gets_the_text_as_it_is()
    {
        await using var server = new FakeServer();
        server.AnswersWith([Attack]);
        var steer = new Steer();

        await steer.RunAsync(server, "generate", "x");

        Assert.Equal(Attack + Environment.NewLine, steer.Out.ToString());
    }

    [Fact]
    public async Task Tables_and_columns_are_escaped()
    {
        await using var server = new FakeServer();
        server.AnswersWith(_ => ["a\u001b[31mb [red]c[/]"], _ => """{"applied":[{"vector":"v\u001b[31m [bold]x[/]","strength":1}],"warnings":["w\u001b[31m"]}""");
        var steer = new Steer { OutputIsTerminal = true };

        await steer.RunAsync(server, "generate", "x", "--steer", "v", "--unsteered", "--receipt");

        string output = steer.Out.ToString();
        Assert.Contains(@"a\u001b[31mb [red]c[/]", output, StringComparison.Ordinal);
        Assert.Contains(@"v\u001b[31m [bold]x[/]", output, StringComparison.Ordinal);
        Assert.Contains(@"warning: w\u001b[31m", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[31m", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Error_messages_are_escaped()
    {
        await using var server = new FakeServer();
        server.On("/v1/completions", (_, connection) => connection.SendJsonAsync(Replies.Error("bad \u001b[31m", "p\u001b", "c\u001b"), 400));
        var steer = new Steer();

        await steer.RunAsync(server, "generate", "x");

        Assert.DoesNotContain('\u001b', steer.Error.ToString());
        Assert.Contains(@"bad \u001b[31m", steer.Error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain, äöü, 語, 🌍\n\ttabbed")]
    [InlineData("")]
    public void Harmless_text_is_left_alone(string text) => Assert.Same(text, TerminalText.Escape(text));
}
