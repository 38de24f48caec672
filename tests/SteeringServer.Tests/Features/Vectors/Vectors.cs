using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Vectors;

/// <summary>Vectors for tests, and the calls that register and change them.</summary>
internal static class Vectors
{
    public const string Path = "/v1/vectors";

    /// <summary>Width of the model that is shipped.</summary>
    public const int Width = 256;

    /// <summary>A safetensors file with one direction; another seed gives another content.</summary>
    public static byte[] File(int seed, string site = "resid_post.4", int width = Width, params (string Key, string Value)[] metadata)
    {
        var random = new Random(seed);
        var writer = new SafetensorsWriter().Add(site, [.. Enumerable.Range(0, width).Select(_ => (float)(random.NextDouble() - 0.5))], width);
        foreach (var (key, value) in metadata) writer.AddMetadata(key, value);
        return writer.ToArray();
    }

    public static Task<Reply> UploadAsync(this HttpClient http, byte[] file, string name, params (string Name, string Value)[] others) => http.SendFormAsync(Path, file, $"{name}.safetensors", [("name", name), .. others]);

    /// <summary>Sends a form; names that begin with a capital are headers.</summary>
    public static async Task<Reply> SendFormAsync(this HttpClient http, string path, byte[]? file, string fileName, params (string Name, string Value)[] fields)
    {
        using var form = new MultipartFormDataContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = form };
        foreach (var (name, value) in fields)
        {
            if (char.IsUpper(name[0])) request.Headers.TryAddWithoutValidation(name, value);
            else form.Add(new StringContent(value), name);
        }
        if (file is not null) form.Add(new ByteArrayContent(file) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } }, "file", fileName);
        return await ReplyAsync(await http.SendAsync(request));
    }

    /// <summary>Sends JSON, or nothing, with any method.</summary>
    public static async Task<Reply> CallAsync(this HttpClient http, HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await ReplyAsync(await http.SendAsync(request));
    }

    public static Task<Reply> ReadAsync(this HttpClient http, string path) => http.CallAsync(HttpMethod.Get, path);

    /// <summary>Generates one token with a steering shorthand and returns the receipt's first entry, or the refusal.</summary>
    public static async Task<Reply> UseAsync(this HttpClient http, string steering) =>
        await http.CallAsync(HttpMethod.Post, Api.Completions, new { prompt = "Once", max_tokens = 2, steering });

    public static (string Name, int Version) Applied(this Reply reply)
    {
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body);
        var applied = reply.Steering.GetProperty("applied")[0];
        return (applied.GetProperty("vector").GetString()!, applied.GetProperty("version").GetInt32());
    }

    public static string Id(this Reply reply) => reply.Json.GetProperty("id").GetString()!;

    private static async Task<Reply> ReplyAsync(HttpResponseMessage response)
    {
        using (response)
        {
            string text = await response.Content.ReadAsStringAsync();
            return new Reply(response.StatusCode, text.StartsWith('{') ? Api.Parse(text) : default, response.Headers, text);
        }
    }
}
