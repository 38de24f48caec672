namespace Steering.Engine.Templates;

/// <summary>A dict in insertion order; keys are equal as in Python (1, 1.0 and True are one key). It never changes after it is made.</summary>
internal sealed class PyDict(OrderedDictionary<object, object> pairs)
{
    public IReadOnlyDictionary<object, object> Pairs => pairs;

    public int Count => pairs.Count;

    public IReadOnlyList<object> Keys => pairs.Keys;

    public IReadOnlyList<object> Values => pairs.Values;

    /// <inheritdoc cref="PySequence.Weight"/>
    public long Weight { get; } = pairs.Sum(p => PySequence.WeightOf(p.Key) + PySequence.WeightOf(p.Value)) + 1;

    /// <summary>The value of a key, or null. An unhashable key fails, as in Python.</summary>
    public object? Find(object key) => pairs.TryGetValue(key, out object? value) ? value : null;
}

/// <summary>Collects the pairs of a <see cref="PyDict"/>; a later value of the same key replaces the earlier one in its place.</summary>
internal sealed class DictBuilder
{
    private readonly OrderedDictionary<object, object> _pairs = new(Equality.Keys);

    public static DictBuilder From(IEnumerable<KeyValuePair<string, object>> pairs)
    {
        var builder = new DictBuilder();
        foreach (var (key, value) in pairs) builder.Set(key, value);
        return builder;
    }

    public void Set(object key, object value) => _pairs[key] = value;

    public PyDict Build() => new(_pairs);
}

/// <summary>What <c>keys()</c>, <c>values()</c> and <c>items()</c> return: <paramref name="kind"/> is the method's name.</summary>
internal sealed class DictView(PyDict dict, string kind)
{
    public PyDict Dict => dict;

    public string Kind => kind;

    public IEnumerable<object> Items => kind switch
    {
        "keys" => dict.Keys,
        "values" => dict.Values,
        _ => dict.Pairs.Select(p => (object)new PyTuple([p.Key, p.Value], 1 + PySequence.WeightOf(p.Key) + PySequence.WeightOf(p.Value))),
    };
}
