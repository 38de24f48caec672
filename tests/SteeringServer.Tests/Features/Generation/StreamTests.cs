using System.Text.Json;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Generation;

[Collection(ServerCollection.Name)]
public sealed class StreamTests(ServerFixture fixture)
{
    private const string Story = "\"messages\": [{\"role\": \"user\", \"content\": \"Tell me a story.\"}], \"seed\": 5, \"stream\": true";
    private readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task A_stream_begins_with_the_role_and_ends_with_the_reason_usage_and_mark()
    {
        var chunks = await _server.ChunksAsync(Api.Chat, $$"""{ {{Story}}, "max_tokens": 5, "stream_options": {"include_usage": true} }""");

        Assert.Equal("""{"role":"assistant","content":""}""", chunks[0].GetProperty("choices")[0].GetProperty("delta").GetRawText());
        Assert.All(chunks.SkipLast(1), chunk => Assert.Equal(JsonValueKind.Null, chunk.GetProperty("usage").ValueKind));
        Assert.All(chunks.SkipLast(2), chunk => Assert.Equal(JsonValueKind.Null, chunk.GetProperty("choices")[0].GetProperty("finish_reason").ValueKind));
        Assert.Equal("""{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}""", chunks[^2].GetProperty("choices")[0].GetRawText());
        Assert.Equal(0, chunks[^1].GetProperty("choices").GetArrayLength());
        Assert.Equal(5, chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Single(chunks.Select(chunk => (chunk.GetProperty("id").GetString(), chunk.GetProperty("created").GetInt64(), chunk.GetProperty("object").GetString(), chunk.GetProperty("model").GetString())).Distinct());
    }

    [Fact]
    public async Task Without_include_usage_no_chunk_speaks_of_it() =>
        Assert.All(await _server.ChunksAsync(Api.Chat, $$"""{ {{Story}}, "max_tokens": 3 }"""), chunk => Assert.False(chunk.TryGetProperty("usage", out _)));

    [Fact]
    public async Task A_streamed_completion_says_what_a_whole_one_says()
    {
        const string Body = "\"prompt\": \"Once upon a\", \"max_tokens\": 25, \"seed\": 3, \"logprobs\": 1, \"echo\": true";

        var whole = await _server.AnswerAsync(Api.Completions, $"{{ {Body} }}");
        var chunks = await _server.ChunksAsync(Api.Completions, $"{{ {Body}, \"stream\": true }}");

        Assert.Equal(whole.Text(), string.Concat(chunks.Select(chunk => chunk.GetProperty("choices")[0].GetProperty("text").GetString())));
        foreach (string list in new[] { "tokens", "token_logprobs", "text_offset" })
        {
            var streamed = chunks.Select(chunk => chunk.GetProperty("choices")[0].GetProperty("logprobs")).Where(logprobs => logprobs.ValueKind == JsonValueKind.Object)
                .SelectMany(logprobs => logprobs.GetProperty(list).EnumerateArray()).Select(value => value.GetRawText());
            Assert.Equal(whole.Choice().GetProperty("logprobs").GetProperty(list).EnumerateArray().Select(value => value.GetRawText()), streamed);
        }
        Assert.Equal("text_completion", chunks[0].GetProperty("object").GetString());
    }

    [Fact]
    public async Task Stop_strings_never_show_in_a_stream()
    {
        var whole = await _server.AnswerAsync(Api.Completions, """{"prompt": "Once upon a", "max_tokens": 60, "temperature": 0}""");
        string stop = whole.Text().Substring(20, 9);
        string body = JsonSerializer.Serialize(new { prompt = "Once upon a", max_tokens = 60, temperature = 0, stop, stream = true });

        var chunks = await _server.ChunksAsync(Api.Completions, body);

        Assert.Equal(whole.Text()[..whole.Text().IndexOf(stop, StringComparison.Ordinal)], string.Concat(chunks.Select(chunk => chunk.GetProperty("choices")[0].GetProperty("text").GetString())));
        Assert.Equal("stop", chunks[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task The_headers_keep_proxies_from_buffering()
    {
        using var request = Api.Request(Api.Chat, $$"""{ {{Story}}, "max_tokens": 2 }""", []);
        using var response = await _server.Http.SendAsync(request);

        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(("no-cache", "no"), (response.Headers.CacheControl?.ToString(), response.Headers.GetValues("X-Accel-Buffering").Single()));
    }

    [Fact]
    public async Task A_refused_stream_is_an_ordinary_error()
    {
        var reply = await _server.PostAsync(Api.Chat, $$"""{ {{Story}}, "temperature": 5 }""");

        Assert.Equal((400, "temperature"), ((int)reply.Status, reply.Error.Param));
    }

    [Fact]
    public async Task The_receipt_is_in_the_last_chunk_with_choices_and_in_the_usage_chunk()
    {
        var chunks = await _server.ChunksAsync(Api.Chat, $$"""
            { {{Story}}, "max_tokens": 6, "n": 2, "stream_options": {"include_usage": true}, "steering": {"use": [{"vector": "mood-joyful", "strength": 2}], "include": ["receipt", "unsteered"]} }
            """);

        var with = chunks.Where(chunk => chunk.TryGetProperty("steering", out _)).ToList();
        Assert.Equal(2, with.Count);
        Assert.Equal(chunks[^2].GetRawText(), with[0].GetRawText());
        Assert.Equal("length", with[0].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal((18, 10), (with[1].GetProperty("steering").GetProperty("applied")[0].GetProperty("prompt_tokens_steered").GetInt32(),
            with[1].GetProperty("steering").GetProperty("applied")[0].GetProperty("generated_tokens_steered").GetInt32()));
        Assert.Equal(2, with[0].GetProperty("steering").GetProperty("unsteered").GetProperty("choices").GetArrayLength());
    }
}
