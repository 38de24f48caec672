using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests.Vectors;

public class ArchiveTests
{
    private const string Whole = """{"object":"steering.vector.archived","name":"cheerful","versions":[1,2],"aliases":["prod"]}""";
    private const string One = """{"object":"steering.vector.archived","name":"cheerful","versions":[1],"aliases":[]}""";

    [Theory]
    [InlineData("cheerful", "/v1/vectors/cheerful", Whole, "Archived cheerful: version 1, 2; removed aliases: prod.")]
    [InlineData("cheerful@1", "/v1/vectors/cheerful/versions/1", One, "Archived cheerful: version 1.")]
    public async Task A_vector_or_one_version_is_archived(string reference, string path, string answer, string message)
    {
        await using var server = new FakeServer();
        server.Answers(path, answer);
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "vectors", "archive", reference, "--yes"));

        Assert.Equal("DELETE", Assert.Single(server.Requests).Method);
        Assert.Contains(message, steer.Out.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("y\n", ExitCodes.Success, 1)]
    [InlineData("Yes\n", ExitCodes.Success, 1)]
    [InlineData("\n", ExitCodes.Failure, 0)]
    [InlineData("n\n", ExitCodes.Failure, 0)]
    [InlineData("", ExitCodes.Failure, 0)]
    public async Task At_a_terminal_it_asks_first(string input, int expected, int requests)
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors/cheerful", Whole);
        var steer = new Steer { Input = input, InputIsTerminal = true, OutputIsTerminal = true };

        Assert.Equal(expected, await steer.RunAsync(server, "vectors", "archive", "cheerful"));

        Assert.StartsWith("Archive every version of cheerful and remove its aliases? [y/N] ", steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(requests, server.Requests.Count);
    }

    [Theory]
    [InlineData("add --yes", "cheerful")]
    [InlineData("by its number", "cheerful@canary", "--yes")]
    public async Task Without_an_answer_or_a_number_nothing_is_sent(string message, params string[] args)
    {
        await using var server = new FakeServer();
        var steer = new Steer { Input = "y\n" };

        Assert.Equal(ExitCodes.Usage, await steer.RunAsync(server, ["vectors", "archive", .. args]));

        Assert.Contains(message, steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_version_in_use_is_the_servers_refusal()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors/cheerful/versions/2", """{"error":{"message":"the alias prod points at it","type":"conflict_error","param":"version","code":"version_in_use"}}""", 409);
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, "vectors", "archive", "cheerful@2", "--yes"));

        Assert.Contains("the alias prod points at it", steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("code: version_in_use", steer.Error.ToString(), StringComparison.Ordinal);
    }
}
