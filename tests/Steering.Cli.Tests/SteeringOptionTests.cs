using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests;

public class SteeringOptionTests
{
    [Theory]
    [InlineData("2 mood-joyful - 0.5 polite")]
    [InlineData("-0.5 polite")]
    [InlineData("whatever the server's grammar becomes")]
    public async Task The_shorthand_goes_to_the_server_as_it_is(string shorthand) =>
        Assert.Equal($"\"{shorthand}\"", await SteeringOf("--steer", shorthand));

    [Fact]
    public async Task Vectors_become_uses_in_their_order() => Assert.Equal(
        """{"use":[{"vector":"mood-joyful","strength":2},{"vector":"polite@3","strength":-0.5},{"vector":"honest@prod"},{"vector":"truth@sha256:12ab","strength":1}]}""",
        await SteeringOf("--vector", "mood-joyful:2", "-v", "polite@3:-0.5", "-v", "honest@prod", "-v", "truth@sha256:12ab:1"));

    [Fact]
    public async Task Vectors_are_added_to_the_shorthand() => Assert.Equal(
        """{"use":[{"vector":"mood-joyful","strength":2},{"vector":"polite@3","strength":-0.5},{"vector":"honest","strength":1},{"vector":"truth"}]}""",
        await SteeringOf("--steer", "2 mood-joyful - 0.5 polite@3 + honest", "--vector", "truth"));

    [Theory]
    [InlineData("all", "")]
    [InlineData("prompt", ""","apply":{"prompt":"all","generation":null}""")]
    [InlineData("generated", ""","apply":{"prompt":null,"generation":"all"}""")]
    [InlineData("decode", ""","apply":{"prompt":null,"generation":"decode"}""")]
    [InlineData("""{"prompt_window":[-4,null]}""", ""","apply":{"prompt_window":[-4,null]}""")]
    public async Task Apply_names_the_steered_positions(string apply, string member) => Assert.Equal(
        $$$"""{"use":[{"vector":"polite","strength":2{{{member}}}},{"vector":"honest","strength":-1{{{member}}}}]}""",
        await SteeringOf("--steer", "2 polite - honest", "--apply", apply));

    [Fact]
    public async Task A_JSON_object_is_the_recipe_itself() => Assert.Equal(
        """{"use":[{"vector":"polite","op":"scale_coordinate"}],"dry_run":true}""",
        await SteeringOf("--steer", """{"use": [{"vector": "polite", "op": "scale_coordinate"}], "dry_run": true}"""));

    [Fact]
    public async Task Without_options_nothing_is_steered() => Assert.Null(await SteeringOf());

    [Theory]
    [InlineData("--vector", "Polite")]
    [InlineData("--vector", "polite:")]
    [InlineData("--vector", "polite:strong")]
    [InlineData("--vector", "polite:NaN")]
    [InlineData("--vector", "polite@")]
    [InlineData("--vector", "a/b")]
    [InlineData("--steer", "2 3 polite", "--vector", "honest")]
    [InlineData("--steer", "2 polite -", "--vector", "honest")]
    [InlineData("--steer", "polite honest", "--vector", "truth")]
    [InlineData("--steer", "polite + - honest", "--vector", "truth")]
    [InlineData("--steer", "2", "--vector", "truth")]
    [InlineData("--steer", "polite", "--apply", "sometimes")]
    [InlineData("--steer", "polite", "--apply", "{broken")]
    [InlineData("--steer", "{broken")]
    [InlineData("--steer", "{\"use\":[]}", "--vector", "polite")]
    [InlineData("--apply", "prompt")]
    [InlineData("--unsteered")]
    public async Task Steering_that_cannot_be_read_exits_with_2_and_generates_nothing(params string[] options)
    {
        await using var server = new FakeServer();
        var steer = new Steer();

        Assert.Equal(ExitCodes.Usage, await steer.RunAsync(server, ["generate", "x", .. options]));

        Assert.Empty(server.Generations);
        Assert.Contains(options.Where(option => option.StartsWith("--", StringComparison.Ordinal)), option => steer.Error.ToString().Contains(option, StringComparison.Ordinal));
    }

    private static async Task<string?> SteeringOf(params string[] options)
    {
        await using var server = new FakeServer();
        server.AnswersWith(["ok"]);
        var steer = new Steer();
        int code = await steer.RunAsync(server, ["generate", "x", .. options]);
        Assert.True(code == ExitCodes.Success, steer.Error.ToString());
        return server.Generations[0]["steering"]?.GetRawText().Replace("\\u0027", "'", StringComparison.Ordinal);
    }
}
