namespace Steering.Engine.Templates;

/// <summary>
/// The attribute argument of filters: a path such as <c>function.name</c> or <c>0.id</c>, followed by items first, as jinja2's make_attrgetter
/// does.
/// </summary>
internal sealed class AttributeGetter
{
    private readonly object[] _parts;
    private readonly object? _default;
    private readonly bool _ignoreCase;

    /// <param name="attribute">A path, an index, or null for the item itself.</param>
    /// <param name="fallback">What stands for undefined steps, or null.</param>
    /// <param name="ignoreCase">Whether text becomes lower case, for comparisons.</param>
    public AttributeGetter(object? attribute, object? fallback = null, bool ignoreCase = false)
    {
        _parts = attribute switch
        {
            null or PyNone => [],
            string path => Array.ConvertAll(path.Split('.'), p => CharacterTests.All(p, CharacterTests.IsDecimal) ? Numbers.ParseInteger(p)! : p),
            _ => [attribute],
        };
        _default = fallback is PyNone ? null : fallback;
        _ignoreCase = ignoreCase;
    }

    public object Get(object item)
    {
        foreach (object part in _parts)
        {
            item = Access.Item(item, part);
            if (_default is not null && item is Undefined) item = _default;
        }
        return _ignoreCase && item is string text ? PythonCasing.Lower(text) : item;
    }

    /// <summary>The sort filter's key: several attributes separated by commas.</summary>
    public static Func<object, object> Several(Execution execution, object? attribute, bool ignoreCase)
    {
        AttributeGetter[] getters = attribute is string paths
            ? Array.ConvertAll(paths.Split(','), p => new AttributeGetter(p, null, ignoreCase))
            : [new AttributeGetter(attribute, null, ignoreCase)];
        return getters is [var single] ? single.Get : item => execution.List(Array.ConvertAll(getters, g => g.Get(item)));
    }
}
