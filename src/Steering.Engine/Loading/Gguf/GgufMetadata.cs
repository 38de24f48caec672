using System.Globalization;

namespace Steering.Engine.Loading.Gguf;

/// <summary>Metadata values of a GGUF file with their types and bounds checked; errors name the key.</summary>
internal sealed class GgufMetadata(GgufFile file)
{
    public string File => file.Path;

    public bool Has(string key) => file.Metadata.ContainsKey(key);

    public ModelFormatException Error(string key, string message) => new(file.Path, key, message);

    /// <summary>What a reader of the translated form refused, under the key that it came from.</summary>
    /// <param name="refused">Names a field of the translation.</param>
    /// <param name="keys">Fields, or the beginnings of their paths, and the keys they were translated from.</param>
    public static ModelFormatException Renamed(ModelFormatException refused, params ReadOnlySpan<(string Field, string Key)> keys)
    {
        foreach (var (field, key) in keys)
            if (refused.Field.StartsWith(field, StringComparison.Ordinal)) return new ModelFormatException(refused.File, key + refused.Field[field.Length..], refused.Reason, refused);
        return refused;
    }

    public string? Text(string key) => Of<string>(key, "a string");

    public string RequireText(string key) => Text(key) ?? throw Error(key, "is missing; expected a string");

    public bool? Flag(string key) => file.Value(key) switch { null => null, bool value => value, var other => throw Wrong(key, other, "true or false") };

    /// <summary>A whole number of any width.</summary>
    public int? Int(string key, int least, int most)
    {
        if (file.Value(key) is not { } value) return null;
        if (value is not (byte or sbyte or ushort or short or uint or int or ulong or long)) throw Wrong(key, value, "a whole number");
        var number = Convert.ToDecimal(value, CultureInfo.InvariantCulture);
        return number >= least && number <= most ? (int)number : throw Error(key, string.Create(CultureInfo.InvariantCulture, $"is {number}; expected a whole number from {least} to {most}"));
    }

    public int RequireInt(string key, int least, int most) => Int(key, least, most) ?? throw Error(key, $"is missing; expected a whole number from {least} to {most}");

    /// <summary>A finite float of either width.</summary>
    public double? Number(string key)
    {
        // The shortest decimal of an f32: 1e-5 as a config.json has it, not 9.999999747378752e-06.
        double? number = file.Value(key) switch { null => null, float value => double.Parse(value.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), double value => value, var other => throw Wrong(key, other, "a float") };
        return number is null || double.IsFinite(number.Value) ? number : throw Error(key, "is not a finite number");
    }

    public double RequireNumber(string key) => Number(key) ?? throw Error(key, "is missing; expected a float");

    public string[]? Texts(string key) => Of<string[]>(key, "an array of strings");

    public float[]? Numbers(string key) => Of<float[]>(key, "an array of f32");

    public int[]? Ints(string key) => file.Value(key) switch
    {
        null => null,
        int[] values => values,
        // A cast between arrays of signed and unsigned integers keeps the bits.
        uint[] values => [.. values.Select(value => unchecked((int)value))],
        var other => throw Wrong(key, other, "an array of 32-bit integers"),
    };

    private T? Of<T>(string key, string expected) where T : class => file.Value(key) switch { null => null, T value => value, var other => throw Wrong(key, other, expected) };

    private ModelFormatException Wrong(string key, object value, string expected) => Error(key, $"is of type {file.Metadata[key].Type}{(value is Array ? $" of {value.GetType().GetElementType()!.Name}" : "")}; expected {expected}");
}
