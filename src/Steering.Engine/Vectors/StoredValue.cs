using System.Collections.Immutable;
using System.Globalization;

namespace Steering.Engine.Vectors;

/// <summary>What a file of another project holds: arrays, in dictionaries and lists, with plain values beside them.</summary>
internal abstract record StoredValue;

/// <param name="Shape">Outermost size first; empty for a scalar array.</param>
/// <param name="TypeName">The type of its elements in the file, for messages.</param>
/// <param name="Values">Row-major, contiguous, as f32.</param>
internal sealed record StoredArray(ImmutableArray<int> Shape, string TypeName, float[] Values) : StoredValue;

/// <param name="Items">In the file's order; keys that are numbers are written as such (<c>4</c>).</param>
internal sealed record StoredMap(ImmutableArray<KeyValuePair<string, StoredValue>> Items) : StoredValue
{
    /// <summary>The value of a key; null where there is none.</summary>
    public StoredValue? Find(string key) => Items.FirstOrDefault(item => item.Key == key).Value;

    /// <summary>The plain values in it, and in a dictionary <c>metadata</c> of it, as text.</summary>
    public IEnumerable<KeyValuePair<string, string>> Texts()
    {
        foreach (var (key, value) in Items)
            if (Text(value) is { } text) yield return KeyValuePair.Create(key, text);
        if (Find("metadata") is StoredMap metadata)
            foreach (var (key, value) in metadata.Items)
                if (Text(value) is { } text) yield return KeyValuePair.Create(key, text);
    }

    // An array without dimensions is a number too.
    private static string? Text(StoredValue value) => value switch
    {
        StoredScalar { Value: { } scalar } => Convert.ToString(scalar, CultureInfo.InvariantCulture),
        StoredArray { Shape.Length: 0, Values: [var number] } => number.ToString("R", CultureInfo.InvariantCulture),
        _ => null,
    };
}

internal sealed record StoredList(ImmutableArray<StoredValue> Items) : StoredValue;

/// <param name="Value">null, bool, long, double or string.</param>
internal sealed record StoredScalar(object? Value) : StoredValue;
