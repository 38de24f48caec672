using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests.Vectors;

public class VectorListingTests
{
    private const string Listing = """
        {"object":"list","data":[{"id":"polite@3","name":"polite","version":3,"aliases":["canary","prod"],"unit":"raw",
        "sites":["resid_post.2","resid_post.3","resid_post.5"],"method":"mean_difference","archived":false},
        {"id":"polite@1","name":"polite","version":1,"aliases":[],"unit":"rms","sites":["embed"],"method":null,"archived":true}]}
        """;

    [Theory]
    [InlineData("/v1/vectors", "vectors")]
    [InlineData("/v1/vectors", "vectors", "list")]
    [InlineData("/v1/vectors?archived=true", "vectors", "--archived")]
    [InlineData("/v1/vectors?archived=true", "vectors", "list", "--archived")]
    [InlineData("/v1/vectors?archived=true", "vectors", "--archived", "list")]
    public async Task Vectors_are_listed_with_their_aliases(string path, params string[] args)
    {
        await using var server = new FakeServer();
        server.Answers(path, Listing);
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, args));

        Assert.Matches(@"polite +3 +canary, prod +raw +resid_post.2-3, resid_post.5 +mean_difference", steer.Out.ToString());
        Assert.Matches(@"polite +1 \(archived\) +rms +embed", steer.Out.ToString());
    }

    [Theory]
    [InlineData("cheerful", "/v1/vectors/cheerful")]
    [InlineData("cheerful@canary", "/v1/vectors/cheerful@canary")]
    [InlineData("cheerful@sha256:0af3", "/v1/vectors/cheerful@sha256:0af3")]
    [InlineData("cheerful@2", "/v1/vectors/cheerful/versions/2")] // found even if archived
    public async Task A_version_is_shown_with_tensors_norms_metadata_and_what_its_import_translated(string reference, string path)
    {
        await using var server = new FakeServer();
        server.Answers(path, VectorReplies.Details("""["canary"]"""));
        server.Answers("/v1/vectors/cheerful/versions/2/report", $$"""{"object":"steering.vector.report",{{VectorReplies.Report}}}""");
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "vectors", "show", reference));

        string output = steer.Out.ToString();
        Assert.StartsWith("cheerful@2" + Environment.NewLine, output, StringComparison.Ordinal);
        foreach (string fact in (string[])["aliases: canary", "sha256: 0af3", "unit: raw", "created: 2025-08-21 12:03:11Z", "model: f00d", "metadata author: me", "convention repeng"])
            Assert.Contains(fact, output, StringComparison.Ordinal);
        Assert.Matches(@"resid_post.3 +1 x 256 +3\.142 *\r?\n", output);
        Assert.Matches(@"resid_post.4 +b1 +2 x 256 +12\.5 +31\.42", output);
        Assert.Matches(@"direction.4 +resid_post.4 +counted from 1 in the file", output);
    }

    [Fact]
    public async Task Json_prints_the_details_as_they_came_and_asks_for_nothing_else()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors/cheerful", VectorReplies.Details());
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "vectors", "show", "cheerful", "--json"));

        Assert.Equal(VectorReplies.Details() + Environment.NewLine, steer.Out.ToString());
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task What_the_server_says_of_a_vector_is_escaped()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors/cheerful", """{"name":"c\u001b[31m","version":2,"metadata":{"k\u001b":"v\u001b[2J"},"tensors":[{"site":"s\u001b"}]}""");
        server.Answers("/v1/vectors/cheerful/versions/2/report", """{"warnings":["w\u001b[2J"]}""");
        var steer = new Steer { OutputIsTerminal = true };

        await steer.RunAsync(server, "vectors", "show", "cheerful");

        Assert.DoesNotContain('\u001b', steer.Out.ToString());
        Assert.Contains(@"k\u001b: v\u001b[2J", steer.Out.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("is not name[@version]", "vectors", "show", "..")]
    [InlineData("is not name[@version]", "vectors", "show", "cheerful/../polite")]
    [InlineData("is not name[@version]", "vectors", "show", "cheerful\n")]
    [InlineData("is not name[@version]", "vectors", "show", "cheerful@2?x=1")]
    [InlineData("is not a name", "vectors", "aliases", "")]
    [InlineData("--archived is not an option of show", "vectors", "--archived", "show", "cheerful")]
    [InlineData("--json is not an option of download", "vectors", "--json", "download", "cheerful")]
    [InlineData("steer vectors show --help", "vectors", "show")]
    [InlineData("steer vectors --help", "vectors", "shwo")]
    public async Task A_wrong_command_line_exits_with_2_and_sends_nothing(string message, params string[] args)
    {
        await using var server = new FakeServer();
        var steer = new Steer();

        Assert.Equal(ExitCodes.Usage, await steer.RunAsync(server, args));

        Assert.Contains(message, steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("show")]
    [InlineData("upload")]
    [InlineData("promote")]
    [InlineData("rollback")]
    [InlineData("aliases")]
    [InlineData("download")]
    [InlineData("archive")]
    public async Task Every_subcommand_has_help_with_examples(string command)
    {
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync("vectors", command, "--help"));

        Assert.Contains("Examples:", steer.Out.ToString(), StringComparison.Ordinal);
        Assert.Contains($"  steer vectors {command}", steer.Out.ToString(), StringComparison.Ordinal);
    }
}
