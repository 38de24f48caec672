using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Clients;

/// <summary>The command-line client against the real server; what it prints against every other kind of answer is tested beside it.</summary>
[Collection(ServerCollection.Name)]
public sealed class SteerCommandTests(ServerFixture fixture)
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "steer.dll");

    private Task<ProgramResult> SteerAsync(params string[] arguments) =>
        ExternalProgram.RunAsync("dotnet", [Program, .. arguments], null, ("STEER_SERVER", fixture.Server.Address.ToString().TrimEnd('/')));

    [Fact]
    public async Task Chat_shows_steered_and_unsteered_text_and_the_receipt()
    {
        var result = await SteerAsync("chat", "Tell me a story.", "--steer", "2 mood-joyful", "--unsteered", "--receipt", "--seed", "3", "--max-tokens", "30");

        Assert.True(result.ExitCode == 0, result.Errors);
        foreach (string part in new[] { "== unsteered ==", "== steered: 2 mood-joyful ==", "resid_post.2-6", "9 prompt, 29 generated" })
            Assert.Contains(part, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_prints_the_text_that_the_api_gives()
    {
        var result = await SteerAsync("generate", "Once upon a time", "--vector", "genre-space:1", "--seed", "4", "--max-tokens", "25");
        var reply = await fixture.Server.AnswerAsync(Api.Completions, new { prompt = "Once upon a time", seed = 4, max_tokens = 25, steering = "1 genre-space" });

        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.Contains(reply.Text().Trim(), result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listings_and_errors_come_from_the_server()
    {
        Assert.Contains("storyworld", (await SteerAsync("models")).Output, StringComparison.Ordinal);
        Assert.Contains("mood-sorrowful", (await SteerAsync("vectors")).Output, StringComparison.Ordinal);
        Assert.Contains("resid_post", (await SteerAsync("capabilities")).Output, StringComparison.Ordinal);

        var unknown = await SteerAsync("chat", "Hello", "--steer", "1 mood-joyfull");
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("mood-joyful", unknown.Errors, StringComparison.Ordinal);
    }
}
