using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

namespace SteeringServer.Tests.Fixtures;

/// <summary>An answer of the server.</summary>
internal sealed record Reply(HttpStatusCode Status, JsonElement Json, HttpResponseHeaders Headers, string Body)
{
    public JsonElement Choice(int index = 0) => Json.GetProperty("choices")[index];

    public string Text(int index = 0) => Choice(index).TryGetProperty("message", out var message) ? message.GetProperty("content").GetString()! : Choice(index).GetProperty("text").GetString()!;

    public JsonElement Usage => Json.GetProperty("usage");

    public JsonElement Steering => Json.GetProperty("steering");

    public (string Message, string Type, string? Param, string? Code) Error
    {
        get
        {
            var error = Json.GetProperty("error");
            Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(member => member.Name));
            return (error.GetProperty("message").GetString()!, error.GetProperty("type").GetString()!, error.GetProperty("param").GetString(), error.GetProperty("code").GetString());
        }
    }
}

/// <summary>Talks to a server as a client without a package would.</summary>
internal static class Api
{
    public const string Chat = "/v1/chat/completions";
    public const string Completions = "/v1/completions";

    public static async Task<Reply> GetAsync(this RunningServer server, string path) => await ReplyAsync(await server.Http.GetAsync(path));

    /// <summary>Posts JSON, or an object that becomes JSON.</summary>
    public static async Task<Reply> PostAsync(this RunningServer server, string path, object body, params (string Name, string Value)[] headers)
    {
        using var request = Request(path, body, headers);
        return await ReplyAsync(await server.Http.SendAsync(request));
    }

    /// <summary>A request that must succeed.</summary>
    public static async Task<Reply> AnswerAsync(this RunningServer server, string path, object body, params (string Name, string Value)[] headers)
    {
        var reply = await server.PostAsync(path, body, headers);
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body);
        return reply;
    }

    /// <summary>The data of every event of a stream, the closing mark included.</summary>
    public static async Task<List<string>> StreamAsync(this RunningServer server, string path, object body)
    {
        using var request = Request(path, body, []);
        using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var events = new List<string>();
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync()) events.Add(item.Data);
        return events;
    }

    /// <summary>The chunks of a stream, after checking that it was closed.</summary>
    public static async Task<List<JsonElement>> ChunksAsync(this RunningServer server, string path, object body)
    {
        var events = await server.StreamAsync(path, body);
        Assert.Equal("[DONE]", events[^1]);
        return [.. events.SkipLast(1).Select(Parse)];
    }

    public static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement.Clone();

    public static HttpRequestMessage Request(string path, object body, (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private static async Task<Reply> ReplyAsync(HttpResponseMessage response)
    {
        using (response)
        {
            string text = await response.Content.ReadAsStringAsync();
            return new Reply(response.StatusCode, text.Length == 0 ? default : Parse(text), response.Headers, text);
        }
    }
}
