using System.Globalization;
using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests;

public class OptionTests
{
    [Fact]
    public async Task Options_become_fields_of_the_request()
    {
        await using var server = new FakeServer();
        server.AnswersWith(["ok"]);

        int code = await new Steer().RunAsync(server, "generate", "Once", "-m", "base", "--temperature", "0.5", "--top-p", "0.9", "--top-k", "40", "--min-p", "0.05",
            "--seed", "7", "--max-tokens", "60", "--stop", ".", "--stop", "\n\n");

        Assert.Equal(ExitCodes.Success, code);
        var request = Assert.Single(server.Requests);
        Assert.Equal("/v1/completions", request.Path);
        Assert.Equal("""
            {"model":"base","prompt":"Once","temperature":0.5,"top_p":0.9,"top_k":40,"min_p":0.05,"seed":7,"max_tokens":60,"stop":[".","\n\n"],"stream":true}
            """, request.Body);
    }

    [Fact]
    public async Task What_is_not_given_is_not_sent()
    {
        await using var server = new FakeServer();
        server.AnswersWith(["ok"]);

        await new Steer().RunAsync(server, "chat", "Hello", "--no-stream");

        Assert.Equal("""{"model":"storyworld","messages":[{"role":"user","content":"Hello"}],"stream":false}""", server.Generations[0].Body);
    }

    [Fact]
    public async Task Numbers_have_a_point_in_every_culture()
    {
        await using var server = new FakeServer();
        server.AnswersWith(["ok"]);
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("de-DE");
            Assert.Equal(ExitCodes.Success, await new Steer().RunAsync(server, "generate", "x", "--temperature", "0.5", "--vector", "polite:0.25"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }

        Assert.Equal(0.5, server.Generations[0]["temperature"]!.Value.GetDouble());
        Assert.Equal(0.25, server.Generations[0]["steering"]!.Value.GetProperty("use")[0].GetProperty("strength").GetDouble());
    }

    [Fact]
    public async Task Without_a_model_the_first_unsteered_one_is_used()
    {
        await using var server = new FakeServer();
        server.AnswersWith(["ok"]);

        await new Steer().RunAsync(server, "generate", "Once");

        Assert.Equal("storyworld", server.Generations[0]["model"]!.Value.GetString());
    }

    [Theory]
    [InlineData("Once upon\n", "Once upon")]
    [InlineData("Once upon\r\n", "Once upon")]
    [InlineData("Once upon\n\n", "Once upon\n")]
    [InlineData("Es war längst 🌍", "Es war längst 🌍")]
    public async Task The_prompt_comes_from_standard_input_without_its_last_line_break(string input, string prompt)
    {
        await using var server = new FakeServer();
        server.AnswersWith(["ok"]);

        await new Steer { Input = input }.RunAsync(server, "generate");

        Assert.Equal(prompt, server.Generations[0]["prompt"]!.Value.GetString());
    }

    [Theory]
    [InlineData("@home they say")]
    [InlineData("- one")]
    public async Task A_prompt_may_begin_with_any_character(string prompt)
    {
        await using var server = new FakeServer();
        server.AnswersWith(["ok"]);

        Assert.Equal(ExitCodes.Success, await new Steer().RunAsync(server, "generate", prompt));

        Assert.Equal(prompt, server.Generations[0]["prompt"]!.Value.GetString());
    }

    [Fact]
    public async Task The_option_wins_over_the_environment_and_a_trailing_v1_does_no_harm()
    {
        await using var server = new FakeServer();
        server.AnswersWith(["ok"]);

        int code = await new Steer().With("STEER_SERVER", "http://127.0.0.1:1").RunAsync("generate", "x", "--server", server.Address["http://".Length..] + "/v1/");

        Assert.Equal(ExitCodes.Success, code);
        Assert.Equal("/v1/completions", server.Generations[0].Path);
    }

    [Theory]
    [InlineData("from-option", "Bearer from-option", "--api-key", "from-option")]
    [InlineData("from-environment", "Bearer from-environment")]
    public async Task The_key_is_sent_as_a_bearer_token(string environment, string header, params string[] options)
    {
        await using var server = new FakeServer();
        server.AnswersWith(["ok"]);

        await new Steer().With("STEER_API_KEY", environment).RunAsync(server, ["generate", "x", .. options]);

        Assert.All(server.Requests, request => Assert.Equal(header, request.Headers["Authorization"]));
    }

    [Theory]
    [InlineData("generate", "x", "--temperature", "warm")]
    [InlineData("generate", "x", "--nonsense")]
    [InlineData("generate", "x", "y")]
    [InlineData("generate")]
    [InlineData("generate", "x", "--server", "ftp://somewhere")]
    [InlineData("generate", "x", "--api-key", "two words")]
    [InlineData("nonsense")]
    [InlineData]
    public async Task A_wrong_command_line_exits_with_2_and_sends_nothing(params string[] args)
    {
        await using var server = new FakeServer();
        var steer = new Steer { InputIsTerminal = true };

        Assert.Equal(ExitCodes.Usage, await steer.RunAsync(server, args));

        Assert.Empty(server.Requests);
        Assert.StartsWith("error: ", steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(steer.Out.ToString());
    }
}
