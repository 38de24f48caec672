using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Steering.Cli.Tests.Fakes;

/// <summary>A server that speaks just enough HTTP for the client: each request goes to the handler of its path, on a connection of its own.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, Func<FakeRequest, FakeConnection, Task>> _handlers = new();
    private readonly Task _accepting;

    public FakeServer()
    {
        _listener.Start();
        On("/v1/models", (_, connection) => connection.SendJsonAsync(
            """{"object":"list","data":[{"id":"storyworld@mood-joyful","object":"model"},{"id":"storyworld","object":"model","owned_by":"steering"}]}"""));
        _accepting = AcceptAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Every request in order of arrival.</summary>
    public ConcurrentQueue<FakeRequest> Requests { get; } = new();

    /// <summary>Requests that ask for text, or change something.</summary>
    public IReadOnlyList<FakeRequest> Generations => [.. Requests.Where(request => request.Method == "POST")];

    public void On(string path, Func<FakeRequest, FakeConnection, Task> handler) => _handlers[path] = handler;

    /// <summary>Answers a path with a document.</summary>
    public void Answers(string path, string json, int status = 200) => On(path, (_, connection) => connection.SendJsonAsync(json, status));

    /// <summary>Answers chat and completions, streamed or not as asked, with these pieces of text and this receipt.</summary>
    public void AnswersWith(string[] pieces, string? receipt = null) => AnswersWith(_ => pieces, _ => receipt);

    public void AnswersWith(Func<FakeRequest, string[]> pieces, Func<FakeRequest, string?> receipt)
    {
        foreach (string path in (string[])["/v1/completions", "/v1/chat/completions"])
        {
            On(path, async (request, connection) =>
            {
                if (request["stream"]?.GetBoolean() is true) await Replies.StreamAsync(connection, request.Path, pieces(request), receipt(request));
                else await connection.SendJsonAsync(Replies.Whole(request.Path, string.Concat(pieces(request)), receipt(request)));
            });
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting; // Before the listener stops: accepting on a stopped one throws something else.
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var running = new List<Task>();
        try
        {
            while (true) running.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (OperationCanceledException)
        {
            // Disposed. A handler that still waits belongs to a test that has failed already, or whose client has gone.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            var stream = client.GetStream();
            if (await ReadAsync(stream) is not { } request) return;
            Requests.Enqueue(request);
            var connection = new FakeConnection(stream);
            if (_handlers.TryGetValue(request.Path, out var handler)) await handler(request, connection);
            else await connection.SendJsonAsync("""{"error":{"message":"no such route","type":"not_found_error","param":null,"code":null}}""", 404);
        }
    }

    private static async Task<FakeRequest?> ReadAsync(NetworkStream stream)
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (!EndsHeaders(bytes))
        {
            if (await stream.ReadAsync(one) == 0) return null;
            bytes.Add(one[0]);
        }
        string[] lines = Encoding.ASCII.GetString([.. bytes]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var body = new byte[headers.TryGetValue("Content-Length", out string? length) ? int.Parse(length, System.Globalization.CultureInfo.InvariantCulture) : 0];
        if (headers.ContainsKey("Expect")) await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray());
        await stream.ReadExactlyAsync(body);
        string[] first = lines[0].Split(' ');
        return new FakeRequest(first[0], first[1], headers, body);
    }

    private static bool EndsHeaders(List<byte> bytes) => bytes is [.., 13, 10, 13, 10];
}
