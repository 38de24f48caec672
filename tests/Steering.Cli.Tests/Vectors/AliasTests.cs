using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests.Vectors;

public class AliasTests
{
    [Theory]
    [InlineData("""{"version":2,"alias":"prod"}""", "2")]
    [InlineData("""{"version":"canary","alias":"prod"}""", "canary")]
    [InlineData("""{"version":3,"alias":"canary"}""", "3", "--alias", "canary")]
    public async Task Promoting_points_an_alias_at_a_version(string body, params string[] args)
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors/cheerful:promote", VectorReplies.Alias(2));
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, ["vectors", "promote", "cheerful", .. args]));

        var request = Assert.Single(server.Requests);
        Assert.Equal(body, request.Body);
        Assert.DoesNotContain("If-Match", request.Headers.Keys);
        Assert.Contains("cheerful@prod points at version 2, before at version 1.", steer.Out.ToString(), StringComparison.Ordinal);
        Assert.Contains("steer vectors rollback cheerful", steer.Out.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"alias":"prod"}""")]
    [InlineData("""{"alias":"canary"}""", "--alias", "canary")]
    public async Task Rolling_back_names_only_the_alias(string body, params string[] args)
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors/cheerful:rollback", VectorReplies.Alias(1, previous: "null", alias: "canary"));
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, ["vectors", "rollback", "cheerful", .. args]));

        Assert.Equal(body, server.Generations[0].Body);
        Assert.Equal("cheerful@canary points at version 1." + Environment.NewLine, steer.Out.ToString());
    }

    [Fact]
    public async Task If_version_compares_with_the_revision_that_was_read()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors/cheerful/aliases/canary", VectorReplies.Alias(2, revision: 7));
        server.Answers("/v1/vectors/cheerful:promote", VectorReplies.Alias(3));

        Assert.Equal(ExitCodes.Success, await new Steer().RunAsync(server, "vectors", "promote", "cheerful", "3", "--alias", "canary", "--if-version", "2"));

        Assert.Equal(["GET", "POST"], server.Requests.Select(request => request.Method));
        Assert.Equal("\"7\"", server.Generations[0].Headers["If-Match"]);
    }

    [Fact]
    public async Task If_version_changes_nothing_when_the_alias_points_elsewhere()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors/cheerful/aliases/prod", VectorReplies.Alias(4));
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, "vectors", "promote", "cheerful", "3", "--if-version", "2"));

        Assert.Equal("GET", Assert.Single(server.Requests).Method);
        Assert.Contains("cheerful@prod points at version 4, not at 2", steer.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_alias_that_changes_in_between_is_the_servers_refusal()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors/cheerful/aliases/prod", VectorReplies.Alias(2));
        server.Answers("/v1/vectors/cheerful:promote",
            """{"error":{"message":"the alias has changed: it is at revision 6","type":"conflict_error","param":"alias","code":"alias_changed"}}""", 409);
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, "vectors", "promote", "cheerful", "3", "--if-version", "2"));

        Assert.Equal(
            ["error: the alias has changed: it is at revision 6", "  param: alias", "  code: alias_changed", "  status: 409 conflict_error"],
            steer.Error.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(steer.Out.ToString());
    }

    [Fact]
    public async Task Aliases_are_listed()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors/cheerful/aliases", $$"""{"object":"list","data":[{{VectorReplies.Alias(2)}},{{VectorReplies.Alias(3, previous: "null", revision: 1, alias: "canary")}}]}""");
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "vectors", "aliases", "cheerful"));

        Assert.Matches("prod +2 +1 +5 +2025-08-21 12:03:11Z", steer.Out.ToString());
        Assert.Matches("canary +3 +1 +2025-08-21 12:03:11Z", steer.Out.ToString());
    }

    [Theory]
    [InlineData("promote", "cheerful@1", "2")]
    [InlineData("promote", "cheerful", "../2")]
    [InlineData("promote", "cheerful", "2", "--alias", "a/b")]
    [InlineData("promote", "cheerful", "2", "--if-version", "canary")]
    [InlineData("promote", "cheerful")]
    [InlineData("rollback", "Cheerful")]
    public async Task What_is_no_name_exits_with_2_and_sends_nothing(params string[] args)
    {
        await using var server = new FakeServer();

        Assert.Equal(ExitCodes.Usage, await new Steer().RunAsync(server, ["vectors", .. args]));

        Assert.Empty(server.Requests);
    }
}
