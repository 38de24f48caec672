using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests.Vectors;

/// <summary>What an upload sends, and when it sends it again.</summary>
public sealed class UploadTests : IDisposable
{
    /// <summary>Every byte, and what could be taken for the end of a part.</summary>
    private static readonly byte[] Content = [.. Enumerable.Range(0, 256).Select(i => (byte)i), .. "\r\n--\r\n\r\n"u8];

    private readonly string _folder = Directory.CreateTempSubdirectory("steer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_file_and_every_option_become_parts_of_a_form()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors", VectorReplies.Stored(), 201);

        Assert.Equal(ExitCodes.Success, await new Steer().RunAsync(server, "vectors", "upload", FileOf("cheerful.gguf"), "--name", "cheerful", "--sites", "resid_post.2-4,embed",
            "--unit", "rms", "--format", "gguf", "--convention", "repeng", "--alias", "canary", "--alias", "team-a", "--metadata", "note=a=b", "--metadata", "author=Jürgen"));

        var request = Assert.Single(server.Requests);
        Assert.Equal("POST", request.Method);
        Assert.StartsWith("multipart/form-data; boundary=", request.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Equal(
            [("name", "cheerful"), ("sites", "resid_post.2-4,embed"), ("unit", "rms"), ("format", "gguf"), ("convention", "repeng"), ("alias", "canary"), ("alias", "team-a")],
            request.Parts.SkipLast(2).Select(part => (part.Name, part.Text)));
        Assert.Equal("metadata", request.Parts[^2].Name);
        Assert.Equal("""{"author":"J\u00FCrgen","note":"a=b"}""", request.Parts[^2].Text);
        Assert.Equal("file", request.Parts[^1].Name);
        Assert.Contains("filename=cheerful.gguf", request.Parts[^1].Headers, StringComparison.Ordinal);
        Assert.Equal(Content, request.Parts[^1].Bytes);
    }

    [Fact]
    public async Task What_is_not_given_is_not_sent_and_every_upload_has_a_key_of_its_own()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors", VectorReplies.Stored(), 201);
        string file = FileOf("cheerful.gguf");

        for (int i = 0; i < 2; i++) await new Steer().RunAsync(server, "vectors", "upload", file);

        Assert.All(server.Requests, request => Assert.Equal("file", Assert.Single(request.Parts).Name));
        string[] keys = [.. server.Requests.Select(request => request.Headers["Idempotency-Key"])];
        Assert.All(keys, key => Assert.True(Guid.TryParse(key, out _)));
        Assert.NotEqual(keys[0], keys[1]);
    }

    [Theory]
    [InlineData("a\"b\\c\nd.gguf", "filename=a_b_c_d.gguf")]
    [InlineData("fröhlich.gguf", "filename*=utf-8''fr%C3%B6hlich.gguf")]
    public async Task A_strange_file_name_cannot_break_the_form(string name, string sent)
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors", VectorReplies.Stored(), 201);

        Assert.Equal(ExitCodes.Success, await new Steer().RunAsync(server, "vectors", "upload", FileOf(name)));

        Assert.Contains(sent, Assert.Single(server.Generations[0].Parts).Headers, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dash_reads_standard_input_whose_name_is_no_vector()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors", VectorReplies.Stored(), 201);

        Assert.Equal(ExitCodes.Success, await new Steer { InputBytes = Content }.RunAsync(server, "vectors", "upload", "-", "--name", "cheerful"));

        var file = server.Generations[0].Parts[^1];
        Assert.Equal(Content, file.Bytes);
        Assert.Contains("filename=-", file.Headers, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task When_the_connection_breaks_before_the_answer_the_same_is_sent_once_more_with_the_same_key(bool fromStandardInput)
    {
        await using var server = new FakeServer();
        server.On("/v1/vectors", (_, connection) => server.Requests.Count == 1 ? Task.CompletedTask : connection.SendJsonAsync(VectorReplies.Stored(existing: true)));
        var steer = new Steer { InputBytes = Content };

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "vectors", "upload", fromStandardInput ? "-" : FileOf("cheerful.gguf")));

        var requests = server.Requests.ToArray();
        Assert.Equal(2, requests.Length);
        Assert.Equal(requests[0].Headers["Idempotency-Key"], requests[1].Headers["Idempotency-Key"]);
        Assert.All(requests, request => Assert.Equal(Content, request.Parts[^1].Bytes));
        Assert.Empty(steer.Error.ToString());
    }

    [Fact]
    public async Task When_it_breaks_again_that_is_the_error()
    {
        await using var server = new FakeServer();
        server.On("/v1/vectors", (_, _) => Task.CompletedTask);
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, "vectors", "upload", FileOf("cheerful.gguf")));

        Assert.Equal(2, server.Requests.Count);
        Assert.Contains("broke", steer.Error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(503, """{"error":{"message":"the server is stopping","type":"server_error","param":null,"code":"draining"}}""", "the server is stopping")]
    [InlineData(422, """{"error":{"message":"this key belongs to another request","type":"conflict_error","param":null,"code":"idempotency_key_reused"}}""", "idempotency_key_reused")]
    [InlineData(200, "<html>Hello</html>", "does not speak this API")]
    public async Task An_answer_is_never_asked_for_twice(int status, string body, string message)
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors", body, status);
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, "vectors", "upload", FileOf("cheerful.gguf")));

        Assert.Single(server.Requests);
        Assert.Contains(message, steer.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_large_file_is_announced_first_and_a_terminal_shows_how_far_it_is()
    {
        await using var server = new FakeServer();
        server.Answers("/v1/vectors", VectorReplies.Stored(), 201);
        string file = FileOf("large[1].npz", new byte[3 << 20]);
        var steer = new Steer { OutputIsTerminal = true };

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "vectors", "upload", file));

        Assert.Equal("100-continue", server.Generations[0].Headers["Expect"]);
        Assert.Equal(3 << 20, server.Generations[0].Parts[^1].Bytes.Length);
        Assert.Matches(@"large\[1\]\.npz.*3\.0 MiB", steer.Out.ToString());
    }

    [Fact]
    public async Task Cancelling_an_upload_exits_with_130()
    {
        await using var server = new FakeServer();
        var arrived = new TaskCompletionSource();
        server.On("/v1/vectors", async (_, connection) =>
        {
            arrived.SetResult();
            await connection.ClosedByClientAsync();
        });
        using var cancellation = new CancellationTokenSource();
        var steer = new Steer().With("STEER_SERVER", server.Address);

        var running = steer.RunAsync(["vectors", "upload", FileOf("cheerful.gguf")], cancellation.Token);
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await cancellation.CancelAsync();

        Assert.Equal(ExitCodes.Cancelled, await running.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("cannot be read", "no-such-file.gguf")]
    [InlineData("cannot be read", ".")]
    [InlineData("a terminal", "-")]
    [InlineData("'author' is not key=value", "-", "--metadata", "author")]
    [InlineData("'=me' is not key=value", "-", "--metadata", "=me")]
    [InlineData("a is given twice", "-", "--metadata", "a=1", "--metadata", "a=2")]
    public async Task What_cannot_be_uploaded_exits_with_2_and_sends_nothing(string message, params string[] args)
    {
        await using var server = new FakeServer();
        var steer = new Steer { InputIsTerminal = true };

        Assert.Equal(ExitCodes.Usage, await steer.RunAsync(server, ["vectors", "upload", .. args]));

        Assert.Contains(message, steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    private string FileOf(string name, byte[]? content = null)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, content ?? Content);
        return path;
    }
}
