using System.Text;
using System.Text.Json;
using Steering.Engine.Loading;

namespace Steering.Engine.Tokenization.Reading;

/// <summary>A value in a JSON file together with its path, so that whatever is wrong with it can be said by name.</summary>
internal readonly struct JsonField(JsonElement value, string path, string file)
{
    /// <summary>Reads a whole file.</summary>
    /// <exception cref="ModelFormatException">It is not JSON.</exception>
    public static JsonField Parse(ReadOnlyMemory<byte> json, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return new JsonField(document.RootElement.Clone(), "$", file);
        }
        catch (JsonException e)
        {
            throw new ModelFormatException(file, "$", $"not JSON: {e.Message}", e);
        }
    }

    public bool IsZero => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number == 0;
    public bool IsArray => value.ValueKind == JsonValueKind.Array;
    public bool IsText => value.ValueKind == JsonValueKind.String;

    /// <summary>A member that must be there; it may be null.</summary>
    public JsonField Get(string name)
    {
        if (value.ValueKind != JsonValueKind.Object) throw Fail($"an object was expected, found {Describe()}");
        return value.TryGetProperty(name, out var member) ? Inner(member, name) : throw Fail($"'{name}' is missing");
    }

    /// <summary>A member that may be absent or null: then null.</summary>
    public JsonField? Find(string name)
    {
        if (value.ValueKind != JsonValueKind.Object) throw Fail($"an object was expected, found {Describe()}");
        return value.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? Inner(member, name) : null;
    }

    public string Text()
    {
        if (value.ValueKind != JsonValueKind.String) throw Fail($"a string was expected, found {Describe()}");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            // Bytes that are no UTF-8, or an escaped half of a surrogate pair.
            throw Fail("the string is not valid Unicode", e);
        }
    }

    /// <summary>A string of exactly one character.</summary>
    public int Character()
    {
        string text = Text();
        return Rune.DecodeFromUtf16(text, out var rune, out int length) == System.Buffers.OperationStatus.Done && length == text.Length
            ? rune.Value
            : throw Fail($"one character was expected, found '{Shorten(text)}'");
    }

    public bool Flag() => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Fail($"true or false was expected, found {Describe()}"),
    };

    /// <summary>A whole number from 0 to the largest int.</summary>
    public int Count() => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= 0
        ? number
        : throw Fail($"a whole number from 0 to {int.MaxValue} was expected, found {Describe()}");

    /// <summary>A number that a double can hold.</summary>
    public double Number() => value.ValueKind == JsonValueKind.Number && Score.Parse(value.GetRawText()) is var number && double.IsFinite(number)
        ? number
        : throw Fail($"a number was expected, found {Describe()}");

    public List<JsonField> Items()
    {
        if (value.ValueKind != JsonValueKind.Array) throw Fail($"an array was expected, found {Describe()}");
        var items = new List<JsonField>(value.GetArrayLength());
        foreach (var item in value.EnumerateArray()) items.Add(new JsonField(item, $"{path}[{items.Count}]", file));
        return items;
    }

    public IEnumerable<(string Name, JsonField Value)> Members()
    {
        if (value.ValueKind != JsonValueKind.Object) throw Fail($"an object was expected, found {Describe()}");
        foreach (var member in value.EnumerateObject())
        {
            string name = NameOf(member);
            yield return (name, new JsonField(member.Value, $"{path}.{Shorten(name)}", file));
        }
    }

    /// <summary>The refusal of a kind of component this engine does not have.</summary>
    public ModelFormatException Unsupported(string kind, string supported) => Get("type").Fail($"'{Shorten(kind)}' is not supported; supported are {supported}");

    public ModelFormatException Fail(string message, Exception? inner = null) => new(file, path, message, inner);

    private JsonField Inner(JsonElement member, string name) => new(member, path == "$" ? name : $"{path}.{name}", file);

    private string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException e)
        {
            throw Fail("a member's name is not valid Unicode", e);
        }
    }

    private string Describe() => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.Null => "null",
        JsonValueKind.String => "a string",
        _ => Shorten(value.GetRawText()),
    };

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "..";
}
