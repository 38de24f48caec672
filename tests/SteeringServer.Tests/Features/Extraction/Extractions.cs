using System.Net;
using System.Text.Json;
using SteeringServer.Tests.Features.Vectors;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Extraction;

/// <summary>Extractions for tests.</summary>
internal static class Extractions
{
    public const string Path = "/v1/extractions";

    private static readonly (string Prompt, string Preferred, string Dispreferred)[] Facts =
    [
        ("The sky is", " blue.", " green."), ("Snow is", " white.", " black."), ("The fire is", " hot and bright.", " cold."), ("The sea is", " deep.", " dry."),
        ("A cat says", " meow.", " woof."), ("A stone is", " hard.", " soft."), ("The night is", " dark.", " light."), ("Honey is", " sweet.", " bitter."),
    ];

    /// <summary>Rows of JSON lines, as many as wanted.</summary>
    public static string Lines(int count) => string.Join('\n', Enumerable.Range(0, count).Select(i => Facts[i % Facts.Length]).Select(row => JsonSerializer.Serialize(new { prompt = row.Prompt, preferred = row.Preferred, dispreferred = row.Dispreferred })));

    /// <summary>Begins an extraction and says its operation's id.</summary>
    public static async Task<string> BeginAsync(this RunningServer server, object body)
    {
        var reply = await server.PostAsync(Path, body);
        Assert.True(reply.Status == HttpStatusCode.Accepted, reply.Body);
        string name = reply.Json.GetProperty("name").GetString()!;
        Assert.Equal($"/v1/{name}", reply.Headers.Location?.ToString());
        return name["operations/".Length..];
    }

    public static async Task<JsonElement> OperationAsync(this RunningServer server, string id)
    {
        var reply = await server.Http.ReadAsync($"/v1/operations/{id}");
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body);
        return reply.Json;
    }

    /// <summary>The operation when it is done.</summary>
    public static async Task<JsonElement> FinishedAsync(this RunningServer server, string id)
    {
        var reply = await server.Http.CallAsync(HttpMethod.Post, $"/v1/operations/{id}:wait?timeout=100");
        Assert.True(reply.Status == HttpStatusCode.OK && reply.Json.GetProperty("done").GetBoolean(), reply.Body);
        return reply.Json;
    }

    public static string State(this JsonElement operation) => operation.GetProperty("metadata").GetProperty("state").GetString()!;

    public static int Done(this JsonElement operation, int stage) => operation.GetProperty("metadata").GetProperty("stages")[stage].TryGetProperty("done", out var done) ? done.GetInt32() : 0;
}
