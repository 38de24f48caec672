using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Steering.Engine.Loading;

/// <summary>A JSON file of a model folder, parsed within limits: at most 64 MB, at most 64 levels, no name twice in an object.</summary>
internal sealed class JsonDocumentFile : IDisposable
{
    private const long MaxLength = 64 << 20;
    private readonly JsonDocument _document;

    private JsonDocumentFile(JsonDocument document, JsonSection root) => (_document, Root) = (document, root);

    /// <summary>The object at the file's root.</summary>
    public JsonSection Root { get; }

    /// <exception cref="ModelFormatException">The file cannot be read, is too large, or is not a JSON object.</exception>
    public static JsonDocumentFile Read(string path) => Parse(path, ReadBytes(path));

    /// <exception cref="ModelFormatException">The bytes are not a JSON object.</exception>
    public static JsonDocumentFile Parse(string nameForErrors, ReadOnlyMemory<byte> json)
    {
        // A byte order mark is not JSON, but editors write it.
        if (json.Span.StartsWith("\uFEFF"u8)) json = json[3..];
        // The JSON reader does not look inside strings until they are decoded.
        if (!Utf8.IsValid(json.Span)) throw new ModelFormatException(nameForErrors, $"byte {InvalidAt(json.Span)}", "is not valid UTF-8");
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
        }
        catch (JsonException error)
        {
            // JsonException counts lines from 0, and knows none where a name appears twice.
            string field = error.LineNumber is { } line ? $"line {line + 1}, byte {error.BytePositionInLine}" : "root";
            throw new ModelFormatException(nameForErrors, field, $"is not valid JSON: {error.Message}", error);
        }
        catch (InvalidOperationException error)
        {
            // Comparing names for duplicates decodes their escapes, which may name half of a surrogate pair.
            throw new ModelFormatException(nameForErrors, "root", "has a field name that is not valid Unicode", error);
        }
        if (document.RootElement.ValueKind == JsonValueKind.Object) return new JsonDocumentFile(document, new JsonSection(nameForErrors, "", document.RootElement));
        document.Dispose();
        throw new ModelFormatException(nameForErrors, "root", "must be a JSON object");
    }

    /// <summary>The file's text, which must be valid UTF-8.</summary>
    public static string ReadText(string path)
    {
        byte[] bytes = ReadBytes(path);
        if (!Utf8.IsValid(bytes)) throw new ModelFormatException(path, $"byte {InvalidAt(bytes)}", "is not valid UTF-8");
        return Encoding.UTF8.GetString(bytes);
    }

    public void Dispose() => _document.Dispose();

    private static int InvalidAt(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (Rune.DecodeFromUtf8(text[at..], out _, out int consumed) == OperationStatus.Done) at += consumed;
        return at;
    }

    private static byte[] ReadBytes(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            if (stream.Length > MaxLength) throw new ModelFormatException(path, "file", $"has {stream.Length} bytes; at most {MaxLength} are read");
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, "file", $"cannot be read: {error.Message}", error);
        }
    }
}
