using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Steering.Cli.Api;

/// <summary>
/// The server's HTTP API. Every method throws <see cref="ApiException"/> when the server says no and <see cref="ConnectionException"/> when there is no
/// server, the connection breaks, or the answer is not of this API. Cancelling closes the connection, which stops the generation.
/// </summary>
internal sealed class SteeringClient : IDisposable
{
    private const string EndOfStream = "[DONE]";
    private const int LongestQuotedAnswer = 200;

    private readonly HttpClient _http;
    private readonly Uri _server;

    /// <param name="server">Base address; paths are relative to it.</param>
    /// <param name="apiKey">Sent as a bearer token; null sends none.</param>
    public SteeringClient(Uri server, string? apiKey)
    {
        _server = server;
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // A proxy configured for the internet does not know this machine's ports.
            UseProxy = !server.IsLoopback,
            // An abandoned stream is closed at once rather than read to its end: the server stops generating when the connection closes.
            MaxResponseDrainSize = 0,
        };
        // Generation takes as long as it takes; the caller's token ends it.
        _http = new HttpClient(handler) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
        if (apiKey is not null) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
    }

    /// <summary>Yields the chunks of an answer as they arrive, up to the end-of-stream mark.</summary>
    public async IAsyncEnumerable<GenerationReply> StreamAsync(GenerationCall call, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var request = Post(call.Path, call.Body with { Stream = true }, WireJson.Default.GenerationBody);
        await foreach (string data in EventsAsync(request, cancellation))
        {
            var reply = Parse(data, WireJson.Default.GenerationReply);
            if (reply.Error is { } error) throw new ApiException(error);
            yield return reply;
        }
    }

    /// <summary>Yields the data of server-sent events as they arrive, up to the end-of-stream mark.</summary>
    public async IAsyncEnumerable<string> EventsAsync(HttpRequestMessage request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var response = await SendAsync(request, cancellation);
        if (response.Content.Headers.ContentType?.MediaType is not "text/event-stream")
            throw NotThisApi($"a stream was asked for and {response.Content.Headers.ContentType?.MediaType ?? "no content type"} came");
        await using var stream = await Guarded(() => response.Content.ReadAsStreamAsync(cancellation), cancellation);
        await using var events = SseParser.Create(stream).EnumerateAsync(cancellation).GetAsyncEnumerator(cancellation);
        while (await Guarded(async () => await events.MoveNextAsync(), cancellation))
        {
            if (events.Current.Data is EndOfStream) yield break;
            yield return events.Current.Data;
        }
        throw new ConnectionException($"{_server} closed the stream before the answer was complete.", _server, isUnreachable: false);
    }

    /// <summary>Sends a request to generate and returns the whole answer.</summary>
    public async Task<Document<GenerationReply>> CompleteAsync(GenerationCall call, CancellationToken cancellation)
    {
        using var request = Post(call.Path, call.Body, WireJson.Default.GenerationBody);
        return await AskAsync(request, WireJson.Default.GenerationReply, cancellation);
    }

    /// <summary>Fetches a document.</summary>
    public async Task<Document<T>> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await AskAsync(request, type, cancellation);
    }

    /// <summary>Sends a request whose answer is a document.</summary>
    public async Task<Document<T>> AskAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        string json = await TextAsync(request, cancellation);
        return new Document<T>(Parse(json, type), json);
    }

    /// <summary>Sends a request and returns the answer as it came.</summary>
    public async Task<string> TextAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var response = await SendAsync(request, cancellation);
        return await Guarded(() => response.Content.ReadAsStringAsync(cancellation), cancellation);
    }

    /// <summary>Asks for a file; its bytes are read when it is copied.</summary>
    public async Task<Download> DownloadAsync(string path, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return new Download(this, await SendAsync(request, cancellation));
    }

    /// <summary>A request with a JSON body.</summary>
    public static HttpRequestMessage Post<T>(string path, T body, JsonTypeInfo<T> type) =>
        new(HttpMethod.Post, path) { Content = new StringContent(JsonSerializer.Serialize(body, type), Encoding.UTF8, "application/json") };

    /// <summary>Reads a JSON document of this API.</summary>
    public T Parse<T>(string json, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw NotThisApi("the answer is null");
        }
        catch (JsonException problem)
        {
            throw NotThisApi($"{problem.Message} In: {Shortened(json)}", problem);
        }
    }

    /// <summary>Turns the ways a connection can fail into one exception that says where and why.</summary>
    public async Task<T> Guarded<T>(Func<Task<T>> step, CancellationToken cancellation)
    {
        try
        {
            return await step();
        }
        catch (Exception problem) when (cancellation.IsCancellationRequested && (problem is HttpRequestException or IOException))
        {
            throw new OperationCanceledException(problem.Message, problem, cancellation); // The break is our own doing.
        }
        catch (HttpRequestException problem) when (problem.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            throw new ConnectionException($"No server answers at {_server} ({problem.GetBaseException().Message}).", _server, isUnreachable: true, problem);
        }
        catch (OperationCanceledException problem) when (problem.InnerException is TimeoutException)
        {
            throw new ConnectionException($"No server answers at {_server} (connecting timed out).", _server, isUnreachable: true, problem);
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException)
        {
            throw new ConnectionException($"The connection to {_server} broke: {problem.GetBaseException().Message}", _server, isUnreachable: false, problem);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var response = await Guarded(() => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation), cancellation);
        if (response.IsSuccessStatusCode) return response;
        using (response)
        {
            string body = await Guarded(() => response.Content.ReadAsStringAsync(cancellation), cancellation);
            throw new ApiException(ErrorIn(body, response), response.StatusCode, response.Headers.RetryAfter?.Delta);
        }
    }

    private static ApiError ErrorIn(string body, HttpResponseMessage response)
    {
        try
        {
            if (JsonSerializer.Deserialize(body, WireJson.Default.ApiErrorBody)?.Error is { } error) return error;
        }
        catch (JsonException)
        {
            // A proxy or another kind of server: its text is all there is to show.
        }
        return new ApiError { Message = body.Length == 0 ? response.ReasonPhrase ?? "no explanation" : Shortened(body) };
    }

    private ConnectionException NotThisApi(string why, Exception? inner = null) =>
        new($"What answers at {_server} does not speak this API: {why}", _server, isUnreachable: false, inner);

    private static string Shortened(string text) => text.Length <= LongestQuotedAnswer ? text : text[..LongestQuotedAnswer] + "...";
}
