using System.Collections.Immutable;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors.Torch;

/// <summary>
/// Turns what a pickle made into values that cannot change. A pickle may put one container in many places, or into itself; here each place is a value of its own,
/// counted against the budget, so whoever walks the result meets no more than that.
/// </summary>
internal sealed class StoredTree(string file, ReadBudget budget)
{
    private const int MaxDepth = 64;

    // A value and its place in its container; in a dict as much again for the key and its place in the set that finds duplicates.
    private const int ValueCost = 96;

    private readonly List<string> _path = [];

    /// <exception cref="ModelFormatException">It is nested too deep or in itself, has keys that are neither text nor whole numbers, or a name for a value.</exception>
    public StoredValue Convert(object? value)
    {
        if (_path.Count > MaxDepth) throw Bad($"is nested more than {MaxDepth} deep, or contains itself; {TorchObjects.Remedy}");
        return value switch
        {
            StoredArray array => array,
            PickleMap map => ConvertMap(map),
            List<object?> list => ConvertItems(list),
            object?[] tuple => ConvertItems(tuple),
            StoredType type => new StoredScalar($"torch.{type.Name}"),
            null or bool or long or double or string => new StoredScalar(value),
            _ => throw Bad($"is {TorchObjects.Describe(value)} itself, not a value made by it; {TorchObjects.Remedy}"),
        };
    }

    private StoredMap ConvertMap(PickleMap map)
    {
        Take(2 * (map.Items.Count + 1L));
        var items = ImmutableArray.CreateBuilder<KeyValuePair<string, StoredValue>>(map.Items.Count);
        var keys = new HashSet<string>(map.Items.Count, StringComparer.Ordinal);
        foreach (var (key, value) in map.Items)
        {
            string name = key switch
            {
                string text => text,
                long number => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
                _ => throw Bad($"has {TorchObjects.Describe(key)} for a key; expected texts or whole numbers"),
            };
            if (!keys.Add(name)) throw Bad($"has the key '{Excerpt.Of(name)}' twice");
            items.Add(new(name, ConvertAt(name, value)));
        }
        return new StoredMap(items.MoveToImmutable());
    }

    private StoredList ConvertItems(IReadOnlyList<object?> values)
    {
        Take(values.Count);
        var items = ImmutableArray.CreateBuilder<StoredValue>(values.Count);
        for (int i = 0; i < values.Count; i++) items.Add(ConvertAt("[]", values[i]));
        return new StoredList(items.MoveToImmutable());
    }

    private StoredValue ConvertAt(string key, object? value)
    {
        _path.Add(key);
        var converted = Convert(value);
        _path.RemoveAt(_path.Count - 1);
        return converted;
    }

    private void Take(long values) => budget.Take(values * ValueCost, PickleInput.Name);

    private ModelFormatException Bad(string message) => new(file, _path.Count == 0 ? PickleInput.Name : string.Join('.', _path.Take(8).Select(Excerpt.Of)), message);
}
