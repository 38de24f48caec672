using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using SteeringServer.Errors;

namespace SteeringServer.Requests;

/// <summary>
/// The JSON body of a request, read whole within the server's limit. Broken UTF-8, lone surrogates, duplicate keys and deep nesting are refused here,
/// so that readers of the document meet none of them. Values are valid until it is disposed.
/// </summary>
internal sealed class JsonBody : IDisposable
{
    private const int MostDepth = 64;
    private const int FirstBuffer = 16 * 1024;
    private static readonly JsonDocumentOptions DocumentOptions = new() { MaxDepth = MostDepth, AllowDuplicateProperties = false };

    private readonly JsonDocument _document;
    private byte[]? _buffer;

    private JsonBody(JsonDocument document, byte[]? buffer) => (_document, _buffer) = (document, buffer);

    public JsonElement Root => _document.RootElement;

    /// <exception cref="ApiException">415, 413, or 400 with the place where the JSON breaks.</exception>
    public static async Task<JsonBody> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (!IsJson(request.ContentType)) throw new ApiException(WrongMediaType(request.ContentType));
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(request.ContentLength ?? 0, FirstBuffer, 1 << 20));
        try
        {
            int length = 0;
            // Kestrel enforces the size limit: it throws before the first read where Content-Length says too much, and while reading otherwise.
            while (await request.Body.ReadAsync(buffer.AsMemory(length), cancellation) is var read and > 0)
            {
                length += read;
                if (length == buffer.Length) buffer = Grown(buffer);
            }
            var body = Parse(buffer.AsMemory(0, length), buffer);
            buffer = null;
            return body;
        }
        finally
        {
            if (buffer is not null) ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Parses a body that is in memory.</summary>
    /// <exception cref="ApiException">400 with the place where it breaks.</exception>
    public static JsonBody Parse(ReadOnlyMemory<byte> utf8) => Parse(utf8, null);

    public static ApiError WrongMediaType(string? contentType) => new(StatusCodes.Status415UnsupportedMediaType, ErrorType.InvalidRequest,
        $"Found {(string.IsNullOrEmpty(contentType) ? "no Content-Type" : $"Content-Type {Found.Quote(contentType)}")}; send the body as application/json.", null, ErrorCode.UnsupportedMediaType);

    public static ApiError TooLarge(long limit) => new(StatusCodes.Status413PayloadTooLarge, ErrorType.InvalidRequest,
        $"The body is larger than the {limit / (1024 * 1024)} MiB this server reads. Send vectors as base64 rather than numbers, or fewer prompts a "
            + "request.", null, ErrorCode.BodyTooLarge);

    public void Dispose()
    {
        _document.Dispose();
        if (_buffer is not null) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
    }

    private static JsonBody Parse(ReadOnlyMemory<byte> utf8, byte[]? rented)
    {
        var text = utf8.Span;
        if (text.StartsWith("\uFEFF"u8)) utf8 = utf8[3..];
        if (utf8.Length == 0) throw Refused("the body is empty; send a JSON object", ErrorCode.InvalidJson);
        if (!Utf8.IsValid(utf8.Span)) throw Refused($"the body is not UTF-8: byte {FirstInvalid(utf8.Span)} breaks it", ErrorCode.InvalidUtf8);
        JsonDocument document;
        try
        {
            RefuseLoneSurrogates(utf8.Span);
            document = JsonDocument.Parse(utf8, DocumentOptions);
        }
        catch (JsonException broken)
        {
            throw Refused(Describe(broken), ErrorCode.InvalidJson);
        }
        var body = new JsonBody(document, rented);
        if (document.RootElement.ValueKind == JsonValueKind.Object) return body;
        string found = Found.Describe(document.RootElement);
        document.Dispose();
        throw Refused($"the body is {found}; send a JSON object", ErrorCode.InvalidJson);
    }

    private static void RefuseLoneSurrogates(ReadOnlySpan<byte> utf8)
    {
        if (LoneSurrogate(utf8) is { } at)
            throw Refused($"the string at byte {at} has half of a surrogate pair (\\ud800 to \\udfff); send whole "
                + "characters", ErrorCode.InvalidUtf8);
    }

    /// <summary>Where JSON has a string with half of a surrogate pair; null: nowhere. <c>"\ud800"</c> is legal JSON and no Unicode text: every later GetString would throw on it.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static long? LoneSurrogate(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IndexOf("\\u"u8) < 0) return null;
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MostDepth });
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped) continue;
            try
            {
                _ = reader.GetString();
            }
            catch (InvalidOperationException)
            {
                return reader.TokenStartIndex;
            }
        }
        return null;
    }

    private static string Describe(JsonException broken)
    {
        // The runtime's text ends with its own account of the place, counted from 0.
        string what = broken.Message;
        int place = what.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (place > 0) what = what[..place];
        int path = what.IndexOf(" Path: ", StringComparison.Ordinal);
        if (path > 0) what = what[..path];
        return broken.LineNumber is { } line ? $"the body is not valid JSON at line {line + 1}, byte {broken.BytePositionInLine + 1}: "
            + $"{what}" : $"the body is not valid JSON: {what}";
    }

    private static int FirstInvalid(ReadOnlySpan<byte> utf8)
    {
        int at = 0;
        while (Rune.DecodeFromUtf8(utf8[at..], out _, out int consumed) == OperationStatus.Done) at += consumed;
        return at;
    }

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) && string.Equals(type.MediaType, "application/json", StringComparison.OrdinalIgnoreCase)
        && (type.CharSet is null || type.CharSet.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    private static byte[] Grown(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private static ApiException Refused(string message, string code) => new(ApiError.Invalid(char.ToUpperInvariant(message[0]) + message[1..] + ".", null, code));
}
