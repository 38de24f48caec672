using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Steering.Engine.Loading;
using Wire = Steering.V1;

namespace SteeringServer.Benchmarks.Soak;

/// <summary>
/// Every kind of request over HTTP and gRPC, in random order, many at once, a good part of them left in the middle: what a server that leaks loses something by.
/// Uploads come from a fixed set of contents, so that the store stops growing after a while.
/// </summary>
internal sealed class MixedRequests : IDisposable
{
    private const int Contents = 24, Width = 256;

    private readonly Uri _address;
    private readonly HttpClient _http;
    private readonly GrpcChannel _channel;
    private readonly Wire.Generation.GenerationClient _generation;
    private readonly Wire.VectorRegistry.VectorRegistryClient _registry;
    private readonly (string Name, Func<Random, Task> Send)[] _kinds;
    private readonly ConcurrentDictionary<string, int> _counts = new();

    public MixedRequests(Uri http, Uri grpc)
    {
        _address = http;
        _http = new HttpClient { BaseAddress = http, Timeout = TimeSpan.FromMinutes(5) };
        _channel = GrpcChannel.ForAddress(grpc);
        _generation = new Wire.Generation.GenerationClient(_channel);
        _registry = new Wire.VectorRegistry.VectorRegistryClient(_channel);
        _kinds =
        [
            ("HTTP answers", CompleteAsync), ("HTTP streams, read", random => StreamAsync(random, leaves: false)), ("HTTP streams, left", random => StreamAsync(random, leaves: true)),
            ("HTTP refusals", RefusedAsync), ("HTTP uploads, used and archived", UploadAsync), ("HTTP reads and downloads", ReadAsync), ("TCP connections cut off in a request", CutOffAsync),
            ("gRPC answers", GenerateAsync), ("gRPC streams, read", random => GenerateStreamAsync(random, leaves: false)), ("gRPC streams, cancelled", random => GenerateStreamAsync(random, leaves: true)),
            ("gRPC deadlines", DeadlineAsync), ("gRPC uploads", random => UploadVectorAsync(random, leaves: false)), ("gRPC uploads, cancelled", random => UploadVectorAsync(random, leaves: true)),
        ];
    }

    /// <summary>Requests sent so far, by kind.</summary>
    public IEnumerable<(string Kind, int Count)> Counts => _kinds.Select(kind => (kind.Name, _counts.GetValueOrDefault(kind.Name)));

    /// <summary>Sends requests; each must end as its kind should.</summary>
    /// <param name="concurrency">Requests under way at once.</param>
    public Task SendAsync(int requests, int concurrency, int seed)
    {
        int next = 0;
        return Task.WhenAll(Enumerable.Range(0, concurrency).Select(worker => Task.Run(async () =>
        {
            var random = new Random(seed * 1000 + worker);
            while (Interlocked.Increment(ref next) <= requests)
            {
                var (name, send) = _kinds[random.Next(_kinds.Length)];
                await send(random);
                _counts.AddOrUpdate(name, 1, static (_, count) => count + 1);
            }
        })));
    }

    public void Dispose()
    {
        _http.Dispose();
        _channel.Dispose();
    }

    private async Task CompleteAsync(Random random)
    {
        using var response = await _http.PostAsJsonAsync("/v1/completions", Body(random, stream: false));
        await response.Content.ReadAsByteArrayAsync();
        Expect(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.TooManyRequests, $"a completion ended with {response.StatusCode}");
    }

    private async Task StreamAsync(Random random, bool leaves)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = JsonContent.Create(Body(random, stream: true)) };
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (response.StatusCode == HttpStatusCode.TooManyRequests) return;
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        int stay = leaves ? random.Next(6) : int.MaxValue;
        string last = "";
        while (stay-- > 0 && await reader.ReadLineAsync() is { } line)
            if (line.Length > 0) last = line;
        Expect(leaves || last == "data: [DONE]", $"a stream ended with {last}");
    }

    private async Task RefusedAsync(Random random)
    {
        using var response = await _http.PostAsJsonAsync("/v1/completions", new { prompt = "Once", steering = $"1 nobody-{random.Next()}" });
        Expect(response.StatusCode == HttpStatusCode.NotFound, $"an unknown vector ended with {response.StatusCode}");
    }

    private async Task UploadAsync(Random random)
    {
        int content = random.Next(Contents);
        string name = $"soak-{content}";
        using var form = new MultipartFormDataContent { { new StringContent(name), "name" }, { new ByteArrayContent(File(content)), "file", "soak.safetensors" } };
        using (var uploaded = await _http.PostAsync("/v1/vectors", form)) Expect(uploaded.IsSuccessStatusCode, $"an upload ended with {uploaded.StatusCode}");
        // Another upload or archive of the same name may have come between.
        using (var used = await _http.PostAsJsonAsync("/v1/completions", new { prompt = "Once", max_tokens = 2, steering = name })) Expect((int)used.StatusCode < 500, $"a use ended with {used.StatusCode}");
        if (random.Next(2) == 0) return;
        using var archived = await _http.DeleteAsync($"/v1/vectors/{name}");
        Expect(archived.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound, $"an archive ended with {archived.StatusCode}");
    }

    private async Task ReadAsync(Random random)
    {
        string[] paths = ["/v1/vectors", "/v1/vectors/mood-joyful", "/v1/vectors/polite/download", "/v1/vectors/polite/download?format=gguf", "/v1/vectors/honest/aliases/prod", "/v1/capabilities"];
        byte[] bytes = await _http.GetByteArrayAsync(paths[random.Next(paths.Length)]);
        Expect(bytes.Length > 0, "a read was empty");
    }

    private async Task CutOffAsync(Random random)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _address.Port);
        string request = $"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{{\"prompt\": \"{new string('x', 100)}";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request).AsMemory(0, random.Next(1, request.Length)));
    }

    private async Task GenerateAsync(Random random)
    {
        try
        {
            var answer = await _generation.GenerateAsync(new Wire.GenerateRequest { Prompt = { new Wire.Prompt { Text = "Once upon a time" } }, MaxTokens = random.Next(1, 24), SteeringShorthand = Shorthand(random) });
            Expect(answer.Choices.Count == 1, "an answer had no choice");
        }
        catch (RpcException full) when (full.StatusCode == StatusCode.ResourceExhausted)
        {
            // The queue was full.
        }
    }

    private async Task GenerateStreamAsync(Random random, bool leaves)
    {
        using var call = _generation.GenerateStream(new Wire.GenerateStreamRequest { Prompt = { new Wire.Prompt { Text = "Once upon a time" } }, MaxTokens = random.Next(1, 40), SteeringShorthand = Shorthand(random) });
        int stay = leaves ? random.Next(6) : int.MaxValue;
        bool hasEnded = false;
        try
        {
            while (stay-- > 0 && await call.ResponseStream.MoveNext(default)) hasEnded |= call.ResponseStream.Current.End is not null;
        }
        catch (RpcException full) when (full.StatusCode == StatusCode.ResourceExhausted)
        {
            return;
        }
        Expect(leaves || hasEnded, "a stream ended without its last message");
    }

    private async Task DeadlineAsync(Random random)
    {
        try
        {
            await _generation.GenerateAsync(new Wire.GenerateRequest { Prompt = { new Wire.Prompt { Text = "Once" } }, MaxTokens = 400, IgnoreEos = true }, deadline: DateTime.UtcNow.AddMilliseconds(random.Next(1, 60)));
        }
        catch (RpcException late) when (late.StatusCode is StatusCode.DeadlineExceeded or StatusCode.ResourceExhausted or StatusCode.Cancelled)
        {
            // What it was sent for.
        }
    }

    private async Task UploadVectorAsync(Random random, bool leaves)
    {
        int content = random.Next(Contents);
        byte[] file = File(content);
        using var call = _registry.UploadVector();
        await call.RequestStream.WriteAsync(new Wire.UploadVectorRequest { Header = new Wire.UploadHeader { Name = $"soak-{content}" } });
        await call.RequestStream.WriteAsync(new Wire.UploadVectorRequest { Chunk = ByteString.CopyFrom(file) });
        if (leaves) return; // disposing the call resets its stream
        await call.RequestStream.WriteAsync(new Wire.UploadVectorRequest { Sha256 = Convert.ToHexStringLower(SHA256.HashData(file)) });
        await call.RequestStream.CompleteAsync();
        Expect((await call.ResponseAsync).Vector.Summary.Version == 1, "an upload made a second version of one content");
    }

    private static object Body(Random random, bool stream) => new { prompt = "Once upon a time", max_tokens = random.Next(1, 40), stream, seed = random.Next(), steering = Shorthand(random) };

    private static string Shorthand(Random random) => random.Next(3) switch { 0 => $"{random.Next(1, 20)}e-1 mood-joyful", 1 => "0.5 polite + 0.5 genre-sea", _ => "0 honest" };

    private static byte[] File(int content)
    {
        var random = new Random(content);
        return new SafetensorsWriter().Add("resid_post.4", [.. Enumerable.Range(0, Width).Select(_ => (float)(random.NextDouble() - 0.5))], Width).ToArray();
    }

    private static void Expect(bool isTrue, string otherwise)
    {
        if (!isTrue) throw new InvalidOperationException(otherwise);
    }
}
