using System.Buffers;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace SteeringServer.Features.Generation;

/// <summary>Writes a stream of server-sent events straight into the response's buffer: <c>data: json</c>, a blank line, and at the end <c>data: [DONE]</c>.</summary>
internal sealed class SseChunks : IDisposable
{
    /// <summary>For JSON that is not embedded in HTML: text stays readable and short.</summary>
    public static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    private readonly PipeWriter _output;
    private readonly Utf8JsonWriter _json;

    private SseChunks(PipeWriter output)
    {
        _output = output;
        _json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = Encoder, SkipValidation = true });
    }

    /// <summary>Sends the headers of a stream.</summary>
    public static async Task<SseChunks> StartAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no"; // nginx passes each event on at once
        // A reader may pause for as long as it likes: what waits for it is bounded by max_tokens.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate) rate.MinDataRate = null;
        await response.StartAsync(context.RequestAborted);
        return new SseChunks(response.BodyWriter);
    }

    /// <summary>Begins an event; whoever calls writes one JSON value and then calls <see cref="End"/>.</summary>
    public Utf8JsonWriter Begin()
    {
        _output.Write("data: "u8);
        _json.Reset();
        return _json;
    }

    public void End()
    {
        _json.Flush();
        _output.Write("\n\n"u8);
    }

    /// <summary>An event with JSON that is already written.</summary>
    public void Event(ReadOnlySpan<byte> json)
    {
        _output.Write("data: "u8);
        _output.Write(json);
        _output.Write("\n\n"u8);
    }

    /// <summary>A comment, which readers skip: it keeps proxies from closing a quiet connection.</summary>
    public void Heartbeat() => _output.Write(": heartbeat\n\n"u8);

    /// <summary>The mark that clients wait for, also after an error.</summary>
    public void Done() => _output.Write("data: [DONE]\n\n"u8);

    public ValueTask<FlushResult> FlushAsync(CancellationToken cancellation) => _output.FlushAsync(cancellation);

    public void Dispose() => _json.Dispose();
}
