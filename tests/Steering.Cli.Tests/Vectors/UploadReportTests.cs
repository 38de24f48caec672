using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests.Vectors;

/// <summary>What an upload tells a person.</summary>
public sealed class UploadReportTests
{
    private static readonly string[] Upload = ["vectors", "upload", "-", "--name", "cheerful"];

    [Fact]
    public async Task A_stored_file_is_reported_with_its_version_and_what_to_type_next()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors", VectorReplies.Stored(), 201);
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, Upload));

        string[] lines = Lines(steer.Out);
        Assert.Equal("format gguf, convention repeng", lines[0]);
        Assert.Matches("^in the file +site +note$", lines[1]);
        Assert.Matches("^direction.3 +resid_post.3$", lines[2]);
        Assert.Matches("^direction.4 +resid_post.4 +counted from 1 in the file$", lines[3]);
        Assert.Equal(["warning: no model is named", "cheerful@2", "sha256 0af3"], lines[4..7]);
        Assert.Contains("steer chat \"Tell me a story.\" --steer \"1 cheerful@2\"", lines[7], StringComparison.Ordinal);
        Assert.EndsWith("steer vectors promote cheerful 2", lines[8], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_that_is_served_already_need_not_be_promoted()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors", VectorReplies.Stored(existing: true, aliases: """["prod"]"""));
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, Upload));

        Assert.Contains("cheerful@2 (was there already, with this content)", steer.Out.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("promote", steer.Out.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "It would be cheerful@2; nothing was stored.")]
    [InlineData(true, "It is cheerful@2 already; uploading it changes nothing.")]
    public async Task A_dry_run_asks_only_for_validation(bool existing, string message)
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors:validate", VectorReplies.GoodReport(existing));
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, [.. Upload, "--dry-run"]));

        var request = Assert.Single(server.Requests);
        Assert.Equal("/v1/vectors:validate", request.Path);
        Assert.DoesNotContain("Idempotency-Key", request.Headers.Keys);
        Assert.Equal(["name", "file"], request.Parts.Select(part => part.Name));
        Assert.Equal(message, Lines(steer.Out)[^1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Problems_are_shown_one_by_one_and_exit_with_1(bool dryRun)
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors:validate", VectorReplies.BadReport);
        server.Answers("/v1/vectors", Replies.Error("2 problems. (1) found 40 values (2) is missing", "tensors.resid_post.4", "width_mismatch"), 400);
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, dryRun ? [.. Upload, "--dry-run"] : Upload));

        Assert.Equal(
            ["problem: tensors.resid_post.4: found 40 values, expected 256 (width_mismatch)", "problem: name: is missing (invalid_value)"], Lines(steer.Out)[^2..]);
        Assert.Equal(["error: the file has 2 problems; nothing was stored."], Lines(steer.Error));
    }

    [Fact]
    public async Task A_refusal_that_is_not_about_the_file_is_shown_as_it_came()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors:validate", VectorReplies.GoodReport());
        server.Answers("/v1/vectors", Replies.Error("no more versions", "name", "too_many"), 400);
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, Upload));

        Assert.Equal("error: no more versions", Lines(steer.Error)[0]);
        Assert.Empty(steer.Out.ToString());
    }

    [Fact]
    public async Task Without_a_report_the_refusal_itself_is_shown()
    {
        await using var server = new FakeServer();
        server.On("/v1/vectors:validate", (_, _) => Task.CompletedTask);
        server.Answers("/v1/vectors", Replies.Error("the form cannot be read", null, "invalid_value"), 400);
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, Upload));

        Assert.Equal("error: the form cannot be read", Lines(steer.Error)[0]);
    }

    [Fact]
    public async Task A_terminal_shows_warnings_in_yellow_and_problems_in_red()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors:validate", VectorReplies.BadReport.Replace("\"warnings\":[]", "\"warnings\":[\"w [red]\\u001b[31m\"]", StringComparison.Ordinal));
        var steer = new Steer { OutputIsTerminal = true, Colours = true };

        await steer.RunAsync(server, [.. Upload, "--dry-run"]);

        Assert.Contains("\u001b[93mwarning: w [red]\\u001b[31m\u001b[0m", steer.Out.ToString(), StringComparison.Ordinal);
        Assert.Contains("\u001b[91mproblem: name: is missing (invalid_value)\u001b[0m", steer.Out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_prints_the_answer_as_it_came()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors", VectorReplies.Stored(), 201);
        server.Answers("/v1/vectors:validate", VectorReplies.BadReport);
        var stored = new Steer();
        var refused = new Steer();

        Assert.Equal(ExitCodes.Success, await stored.RunAsync(server, [.. Upload, "--json"]));
        Assert.Equal(ExitCodes.Failure, await refused.RunAsync(server, [.. Upload, "--json", "--dry-run"]));

        Assert.Equal(VectorReplies.Stored() + Environment.NewLine, stored.Out.ToString());
        Assert.Equal(VectorReplies.BadReport + Environment.NewLine, refused.Out.ToString());
    }

    [Fact]
    public async Task With_json_a_refusal_is_not_explained_by_a_second_request()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors", Replies.Error("2 problems", "name", "invalid_value"), 400);
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, [.. Upload, "--json"]));

        Assert.Single(server.Requests);
        Assert.Contains("error: 2 problems", steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(steer.Out.ToString());
    }

    private static string[] Lines(TextWriter text) =>
        [.. text.ToString()!.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd())];
}
