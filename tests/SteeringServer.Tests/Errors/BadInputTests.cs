using System.Net;
using System.Net.Sockets;
using System.Text;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Errors;

[Collection(ServerCollection.Name)]
public sealed class BadInputTests(ServerFixture fixture) : IAsyncLifetime
{
    private const string Story = "\"messages\": [{\"role\": \"user\", \"content\": \"Tell me a story.\"}]";
    private readonly RunningServer _server = fixture.Server;

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>Whatever came before, the server keeps serving.</summary>
    public async Task DisposeAsync() => Assert.Equal(3, (await _server.AnswerAsync(Api.Chat, $$"""{ {{Story}}, "max_tokens": 3, "ignore_eos": true }""")).Usage.GetProperty("completion_tokens").GetInt32());

    [Theory]
    [InlineData("{ \"steering\": \"nobody\", STORY }", 404, "not_found_error", "steering", "vector_not_found")]
    [InlineData("{ \"steering\": {\"inline\": [{\"layers\": [3], \"values\": [1, 2]}]}, STORY }", 400, "invalid_request_error", "steering.inline[0]", "steering_invalid")]
    [InlineData("{ \"steering\": {\"inline\": [{\"layers\": [3], \"shape\": [1], \"data\": \"AADAfw==\"}]}, STORY }", 400, "invalid_request_error", "steering.inline[0].data", "steering_invalid")]
    [InlineData("{ \"steering\": {\"use\": [{\"vector\": \"polite\", \"layers\": [99]}]}, STORY }", 400, "invalid_request_error", "steering.use[0].layers[0]", "steering_invalid")]
    [InlineData("{ \"steering\": {\"use\": [{\"vector\": \"polite\", \"colour\": 1}]}, STORY }", 400, "invalid_request_error", "steering.use[0].colour", "steering_invalid")]
    [InlineData("{ \"colour\": 1, STORY }", 400, "invalid_request_error", "colour", "unknown_field")]
    [InlineData("{ \"messages\": [] }", 400, "invalid_request_error", "messages", "invalid_value")]
    [InlineData("{ \"max_tokens\": 600, STORY }", 400, "invalid_request_error", "max_tokens", "context_length_exceeded")]
    [InlineData("{ \"model\": \"gpt-4o\", STORY }", 404, "not_found_error", "model", "model_not_found")]
    [InlineData("{ \"messages\": [", 400, "invalid_request_error", null, "invalid_json")]
    [InlineData("{ STORY, STORY }", 400, "invalid_request_error", null, "invalid_json")]
    [InlineData("[]", 400, "invalid_request_error", null, "invalid_json")]
    [InlineData("", 400, "invalid_request_error", null, "invalid_json")]
    [InlineData("{ \"user\": \"\\ud800\", STORY }", 400, "invalid_request_error", null, "invalid_utf8")]
    public async Task Each_has_a_clear_answer_in_the_shape_of_openai(string body, int status, string type, string? param, string code)
    {
        var reply = await _server.PostAsync(Api.Chat, body.Replace("STORY", Story, StringComparison.Ordinal));

        Assert.Equal(status, (int)reply.Status);
        Assert.Equal((type, code), (reply.Error.Type, reply.Error.Code));
        if (param is null) Assert.Null(reply.Error.Param);
        else Assert.StartsWith(param, reply.Error.Param, StringComparison.Ordinal);
        Assert.True(reply.Error.Message.Length > 10);
    }

    [Fact]
    public async Task Steering_in_body_and_header_is_refused()
    {
        var reply = await _server.PostAsync(Api.Chat, $$"""{ {{Story}}, "steering": "polite" }""", ("X-Steering", "polite"));

        Assert.Equal((400, "steering_invalid"), ((int)reply.Status, reply.Error.Code));
        Assert.Contains("X-Steering", reply.Error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(600)]
    [InlineData(10_000_000)]
    public async Task A_prompt_beyond_the_context_is_refused(int words)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();

        var reply = await _server.PostAsync(Api.Completions, $$"""{"prompt": "{{string.Concat(Enumerable.Repeat("a ", words))}}"}""");

        Assert.Equal((400, "context_length_exceeded", "prompt"), ((int)reply.Status, reply.Error.Code, reply.Error.Param));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), "a hopeless text is refused without being encoded");
    }

    [Theory]
    [InlineData("GET", "/v1/nothing", 404, "route_not_found")]
    [InlineData("POST", "/", 404, "route_not_found")]
    [InlineData("DELETE", "/v1/models", 405, "method_not_allowed")]
    [InlineData("GET", "/v1/chat/completions", 405, "method_not_allowed")]
    [InlineData("GET", "/v1/vectors/nobody", 404, "vector_not_found")]
    [InlineData("GET", "/v1/vectors/NO", 400, "invalid_value")]
    [InlineData("GET", "/v1/models/other", 404, "model_not_found")]
    public async Task Wrong_routes_have_the_same_envelope(string method, string path, int status, string code)
    {
        using var response = await _server.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal((status, "application/json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal(code, Api.Parse(await response.Content.ReadAsStringAsync()).GetProperty("error").GetProperty("code").GetString());
        Assert.NotEmpty(response.Headers.GetValues("X-Request-Id").Single());
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/json5")]
    public async Task Only_json_is_taken(string contentType)
    {
        using var content = new StringContent($$"""{ {{Story}} }""");
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var response = await _server.Http.PostAsync(Api.Chat, content);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Contains("unsupported_media_type", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_utf8_on_the_wire_is_refused()
    {
        byte[] body = [.. "{\"messages\": [{\"role\": \"user\", \"content\": \""u8, 0xC3, 0x28, .. "\"}]}"u8];

        string answer = await RawAsync(stream => stream.Write([.. Head(body.Length), .. body]));

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains("invalid_utf8", answer, StringComparison.Ordinal);
        Assert.Contains($"byte {body.Length - 6} ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_announces_a_gigabyte_is_refused_unread()
    {
        string answer = await RawAsync(stream => stream.Write([.. Head(1_000_000_000), .. "{\"messages\": "u8]));

        Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
        Assert.Contains("body_too_large", answer, StringComparison.Ordinal);
        Assert.Contains("32 MiB", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_grows_to_a_gigabyte_is_refused_on_the_way()
    {
        long before = GC.GetTotalMemory(forceFullCollection: true), peak = 0;
        string answer = await RawAsync(stream =>
        {
            stream.Write("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"u8);
            byte[] chunk = [.. "100000\r\n"u8, .. Enumerable.Repeat((byte)' ', 0x100000), .. "\r\n"u8];
            for (int i = 0; i < 1000; i++)
            {
                try
                {
                    stream.Write(chunk);
                }
                catch (IOException)
                {
                    return; // refused and closed while we were still sending
                }
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false) - before);
            }
        });

        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 413", StringComparison.Ordinal), answer);
        Assert.True(peak < 400L << 20, $"{peak >> 20} MiB were held");
    }

    [Fact]
    public async Task A_request_id_of_the_client_is_kept_where_it_is_harmless()
    {
        var kept = await _server.PostAsync(Api.Chat, "{}", ("X-Request-Id", "trace-1"));
        var replaced = await _server.PostAsync(Api.Chat, "{}", ("X-Request-Id", "a b<c>"));

        Assert.Equal("trace-1", kept.Headers.GetValues("X-Request-Id").Single());
        Assert.StartsWith("req_", replaced.Headers.GetValues("X-Request-Id").Single(), StringComparison.Ordinal);
    }

    private static byte[] Head(long length) => Encoding.ASCII.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");

    private async Task<string> RawAsync(Action<NetworkStream> send)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_server.Address.Host, _server.Address.Port);
        await using var stream = client.GetStream();
        await Task.Run(() => send(stream));
        var answer = new MemoryStream();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            byte[] buffer = new byte[4096];
            while (await stream.ReadAsync(buffer, limit.Token) is var read and > 0)
            {
                answer.Write(buffer, 0, read);
                string text = Encoding.UTF8.GetString(answer.ToArray());
                if (text.Contains("\r\n\r\n{", StringComparison.Ordinal) && text.EndsWith('}')) break;
            }
        }
        catch (IOException)
        {
            // A reset after the answer, because the server did not read what was still coming.
        }
        return Encoding.UTF8.GetString(answer.ToArray());
    }
}
