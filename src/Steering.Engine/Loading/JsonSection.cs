using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Steering.Engine.Loading;

/// <summary>An object of a JSON file whose fields are read with their types and bounds checked; null counts as absent. Errors name the file and the field's path.</summary>
/// <param name="File">For messages.</param>
/// <param name="Path">Path of this object in the file; empty for the root.</param>
/// <param name="Element">The object.</param>
internal readonly record struct JsonSection(string File, string Path, JsonElement Element)
{
    public string FieldPath(string name) => Path.Length == 0 ? name : $"{Path}.{name}";

    public ModelFormatException Error(string name, string message) => new(File, FieldPath(name), message);

    /// <summary>The field's value unless it is absent or null.</summary>
    public bool TryGet(string name, out JsonElement value) => Element.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>Whether the field is there, null included: for those where null says something else than absence does.</summary>
    public bool Has(string name) => Element.TryGetProperty(name, out _);

    /// <summary>The fields of this object in file order.</summary>
    public IEnumerable<(string Name, JsonElement Value)> Fields()
    {
        foreach (var property in Element.EnumerateObject()) yield return (NameOf(property), property.Value);
    }

    public JsonSection? Section(string name)
    {
        if (!TryGet(name, out var value)) return null;
        if (value.ValueKind != JsonValueKind.Object) throw Error(name, $"must be an object, found {Describe(value)}");
        return new JsonSection(File, FieldPath(name), value);
    }

    public JsonSection RequireSection(string name) => Section(name) ?? throw Error(name, "is missing");

    public int? Int(string name, int least, int most)
    {
        if (!TryGet(name, out var value)) return null;
        return ReadInt(FieldPath(name), value, least, most);
    }

    public int RequireInt(string name, int least, int most) => Int(name, least, most) ?? throw Error(name, $"is missing; expected a whole number from {least} to {most}");

    /// <summary>A number or a list of numbers; default where absent.</summary>
    public ImmutableArray<int> Ints(string name, int least, int most)
    {
        if (!TryGet(name, out var value)) return default;
        if (value.ValueKind != JsonValueKind.Array) return [ReadInt(FieldPath(name), value, least, most)];
        if (value.GetArrayLength() > 1024) throw Error(name, "has more than 1024 numbers");
        var numbers = ImmutableArray.CreateBuilder<int>(value.GetArrayLength());
        foreach (var item in value.EnumerateArray()) numbers.Add(ReadInt($"{FieldPath(name)}[{numbers.Count}]", item, least, most));
        return numbers.MoveToImmutable();
    }

    /// <summary>A list of finite numbers within bounds; default where absent.</summary>
    public ImmutableArray<double> Numbers(string name, double least, double most)
    {
        if (!TryGet(name, out var value)) return default;
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > 1024) throw Error(name, $"must be a list of at most 1024 numbers, found {Describe(value)}");
        var numbers = ImmutableArray.CreateBuilder<double>(value.GetArrayLength());
        foreach (var item in value.EnumerateArray()) numbers.Add(ReadNumber($"{FieldPath(name)}[{numbers.Count}]", item, least, most));
        return numbers.MoveToImmutable();
    }

    /// <summary>A list of strings; default where absent.</summary>
    public ImmutableArray<string> Strings(string name)
    {
        if (!TryGet(name, out var value)) return default;
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > 1024) throw Error(name, $"must be a list of at most 1024 strings, found {Describe(value)}");
        var strings = ImmutableArray.CreateBuilder<string>(value.GetArrayLength());
        foreach (var item in value.EnumerateArray())
            strings.Add(item.ValueKind == JsonValueKind.String ? Text(File, FieldPath(name), item) : throw Error(name, $"must be a list of strings, found {Describe(item)} in it"));
        return strings.MoveToImmutable();
    }

    /// <summary>A finite number within bounds, both inclusive.</summary>
    public double? Number(string name, double least, double most)
    {
        if (!TryGet(name, out var value)) return null;
        return ReadNumber(FieldPath(name), value, least, most);
    }

    public double RequireNumber(string name, double least, double most) =>
        Number(name, least, most) ?? throw Error(name, string.Create(CultureInfo.InvariantCulture, $"is missing; expected a number from {least} to {most}"));

    public bool? Bool(string name)
    {
        if (!TryGet(name, out var value)) return null;
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) throw Error(name, $"must be true or false, found {Describe(value)}");
        return value.GetBoolean();
    }

    public string? String(string name)
    {
        if (!TryGet(name, out var value)) return null;
        if (value.ValueKind != JsonValueKind.String) throw Error(name, $"must be a string, found {Describe(value)}");
        return Text(File, FieldPath(name), value);
    }

    /// <summary>The text of a JSON string.</summary>
    /// <exception cref="ModelFormatException">Its bytes or escapes are not valid Unicode.</exception>
    public static string Text(string file, string field, JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw new ModelFormatException(file, field, "is not valid Unicode", error);
        }
    }

    /// <summary>A value as messages show it: short ones as they are.</summary>
    public static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.Null => "null",
        _ => value.GetRawText() is { Length: <= 60 } text ? text : $"{value.GetRawText()[..60]}...",
    };

    private string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException error)
        {
            throw new ModelFormatException(File, Path.Length == 0 ? "root" : Path, "has a field name that is not valid Unicode", error);
        }
    }

    private double ReadNumber(string field, JsonElement value, double least, double most)
    {
        if (value.ValueKind != JsonValueKind.Number) throw new ModelFormatException(File, field, $"must be a number, found {Describe(value)}");
        double number = value.GetDouble();
        if (!(number >= least && number <= most)) throw new ModelFormatException(File, field, string.Create(CultureInfo.InvariantCulture, $"is {number}; expected a number from {least} to {most}"));
        return number;
    }

    private int ReadInt(string field, JsonElement value, int least, int most)
    {
        if (value.ValueKind != JsonValueKind.Number) throw new ModelFormatException(File, field, $"must be a whole number, found {Describe(value)}");
        if (!value.TryGetInt64(out long number) || number < least || number > most)
            throw new ModelFormatException(File, field, $"is {Describe(value)}; expected a whole number from {least} to {most}");
        return (int)number;
    }
}
