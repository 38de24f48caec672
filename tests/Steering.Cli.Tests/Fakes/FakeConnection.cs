using System.Net.Sockets;
using System.Text;

namespace Steering.Cli.Tests.Fakes;

/// <summary>One connection to answer a request on; closing it ends the response.</summary>
internal sealed class FakeConnection(NetworkStream stream)
{
    public Task SendJsonAsync(string json, int status = 200, string extraHeaders = "") => SendAsync(json, "application/json", status, extraHeaders);

    public Task SendAsync(string body, string mediaType, int status = 200, string extraHeaders = "") => WriteAsync(
        $"HTTP/1.1 {status} Fake\r\nContent-Type: {mediaType}\r\nConnection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{extraHeaders}\r\n{body}");

    /// <summary>Sends a file; fewer bytes than announced break the connection in its middle.</summary>
    public async Task SendFileAsync(byte[] bytes, string? disposition = null, int? announced = null)
    {
        string header = disposition is null ? "" : $"Content-Disposition: {disposition}\r\n";
        await WriteAsync($"HTTP/1.1 200 Fake\r\nContent-Type: application/octet-stream\r\nConnection: close\r\nContent-Length: {announced ?? bytes.Length}\r\n{header}\r\n");
        await WriteAsync(bytes);
    }

    public Task BeginStreamAsync() => WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nConnection: close\r\n\r\n");

    public Task EventAsync(string data) => WriteAsync($"data: {data}\n\n");

    public Task WriteAsync(string text) => WriteAsync(Encoding.UTF8.GetBytes(text));

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        await stream.WriteAsync(bytes);
        await stream.FlushAsync();
    }

    /// <summary>Completes when the client has closed its end.</summary>
    public async Task ClosedByClientAsync()
    {
        try
        {
            while (await stream.ReadAsync(new byte[64]) > 0) { }
        }
        catch (IOException)
        {
            // Reset: closed as well.
        }
    }
}
