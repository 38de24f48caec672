using System.Text.Json;
using SteeringServer.Errors;

namespace SteeringServer.Requests;

/// <summary>
/// Reads the fields of one JSON object by name and remembers which were asked for, so that the rest can be refused. Null counts as absent.
/// Readers report a wrong type or range as a problem and return null, so that parsing goes on to the next field.
/// </summary>
internal sealed class JsonFields
{
    private readonly Dictionary<string, JsonElement> _fields = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly string _path;

    /// <param name="element">An object; anything else is reported and read as an empty one.</param>
    /// <param name="path">Where the object is; empty for the body.</param>
    public JsonFields(JsonElement element, string path, FieldProblems problems)
    {
        (_path, Problems) = (path, problems);
        if (element.ValueKind != JsonValueKind.Object)
        {
            problems.Add(path, $"found {Found.Describe(element)}; expected an object");
            return;
        }
        foreach (var field in element.EnumerateObject()) _fields[field.Name] = field.Value;
    }

    public FieldProblems Problems { get; }

    public string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    public void Report(string name, string message, string code = ErrorCode.InvalidValue) => Problems.Add(PathOf(name), message, code);

    /// <summary>The field, whatever its type; null where absent or null.</summary>
    public JsonElement? Take(string name)
    {
        _known.Add(name);
        return _fields.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    public bool Has(string name) => Take(name) is not null;

    /// <summary>Whether the field is there and null: for the few fields where that could be taken for a value.</summary>
    public bool IsNull(string name) => _fields.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Null;

    public string? String(string name)
    {
        if (Take(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.String) return value.GetString();
        Expected(name, value, "a string");
        return null;
    }

    public bool? Bool(string name)
    {
        if (Take(name) is not { } value) return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        Expected(name, value, "true or false");
        return null;
    }

    /// <summary>A finite number within bounds, both included.</summary>
    public double? Number(string name, double least = double.MinValue, double most = double.MaxValue)
    {
        if (Take(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) && number >= least && number <= most) return number;
        Expected(name, value, least == double.MinValue ? most == double.MaxValue ? "a finite number" : $"a number up to {Found.Number(most)}"
            : most == double.MaxValue ? $"a number from {Found.Number(least)} up" : $"a number from {Found.Number(least)} to {Found.Number(most)}");
        return null;
    }

    /// <summary>A whole number within bounds, both included; 3.0 is one.</summary>
    public int? Int(string name, int least, int most = int.MaxValue)
    {
        if (Take(name) is not { } value) return null;
        if (JsonNumbers.TryInt(value, out int number) && number >= least && number <= most) return number;
        Expected(name, value, most == int.MaxValue ? $"a whole number from {least} up" : $"a whole number from {least} to {most}");
        return null;
    }

    /// <summary>What one of some words stands for; the first's where the field is absent.</summary>
    public T Word<T>(string name, IReadOnlyDictionary<string, T> words) => Word(name, words, words.First().Value);

    /// <summary>What one of some words stands for.</summary>
    public T Word<T>(string name, IReadOnlyDictionary<string, T> words, T whereAbsent)
    {
        if (String(name) is not { } word) return whereAbsent;
        if (words.TryGetValue(word, out var value)) return value;
        Report(name, $"found {Found.Quote(word)}; expected {string.Join(", ", words.Keys)}{Nearest.Hint(word, words.Keys)}");
        return whereAbsent;
    }

    /// <summary>A list; each item is read with its path. Null where absent or not a list.</summary>
    public List<T>? List<T>(string name, Func<JsonElement, string, T?> read, string ofWhat) where T : class
    {
        if (Take(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array)
        {
            Expected(name, value, $"a list of {ofWhat}");
            return null;
        }
        var items = new List<T>(value.GetArrayLength());
        int index = 0;
        foreach (var item in value.EnumerateArray())
            if (read(item, $"{PathOf(name)}[{index++}]") is { } result) items.Add(result);
        return items;
    }

    public void Expected(string name, JsonElement found, string expected) => Report(name, $"found {Found.Describe(found)}; expected {expected}");

    /// <summary>Refuses every field that nothing asked for, with the nearest known name.</summary>
    /// <param name="of">What the object is, for the message: "a chat completion request".</param>
    /// <param name="instead">What to do where no known name is near; may be empty.</param>
    public void RefuseOthers(string of, string instead = "")
    {
        foreach (string name in _fields.Keys)
        {
            if (Problems.IsFull) return;
            if (_known.Contains(name)) continue;
            string hint = Nearest.Hint(name, _known);
            Report(Found.Shorten(name), $"is not a field of {of}{(hint.Length > 0 ? hint : instead)}", ErrorCode.UnknownField);
        }
    }
}
