namespace Steering.Engine.Templates;

/// <summary>The <c>loop</c> variable. It reads its source as late as it can: one item ahead only when asked for the last or the next one.</summary>
internal sealed class LoopContext(IEnumerable<object> source, int? length, Func<object, int, string>? recurse, int depth) : IDisposable
{
    private IEnumerator<object> _items = source.GetEnumerator();
    private int? _length = length;
    private object? _before;
    private object? _after;
    private object[]? _lastChanged;
    private int _index0 = -1;

    public object Current { get; private set; } = PyNone.Value;

    public bool MoveNext()
    {
        object? next = Peek();
        if (next is null) return false;
        _after = null;
        if (_index0 >= 0) _before = Current;
        _index0++;
        Current = next;
        return true;
    }

    public void Dispose() => _items.Dispose();

    public object? Attribute(string name) => name switch
    {
        "index" => _index0 + 1L,
        "index0" => (long)_index0,
        "revindex" => Length - (long)_index0,
        "revindex0" => Length - (long)_index0 - 1,
        "first" => _index0 == 0,
        "last" => Peek() is null,
        "length" => (long)Length,
        "previtem" => _before ?? Undefined.Hinted("there is no previous item"),
        "nextitem" => Peek() ?? Undefined.Hinted("there is no next item"),
        "depth" => depth + 1L,
        "depth0" => (long)depth,
        "cycle" => new NativeFunction("cycle", Cycle),
        "changed" => new NativeFunction("changed", Changed),
        _ => null,
    };

    public int Length => _length ??= CountRest();

    public object Call(Arguments arguments)
    {
        if (recurse is null) throw new TemplateException("The loop must have the 'recursive' marker to be called recursively.");
        return recurse(arguments.Bind("loop", 1, "iterable")[0]!, depth + 1);
    }

    private object? Peek() => _after ??= _items.MoveNext() ? _items.Current : null;

    private int CountRest()
    {
        var rest = new List<object>();
        while (_items.MoveNext()) rest.Add(_items.Current);
        _items.Dispose();
        _items = rest.GetEnumerator();
        return rest.Count + _index0 + 1 + (_after is null ? 0 : 1);
    }

    private object Cycle(Execution execution, Arguments arguments) =>
        arguments.Positional is { Length: > 0 } items ? items[_index0 % items.Length] : throw new TemplateException("no items for cycling given");

    private object Changed(Execution execution, Arguments arguments)
    {
        bool same = _lastChanged is { } last && last.Length == arguments.Positional.Length &&
            last.Zip(arguments.Positional).All(p => Equality.AreEqual(p.First, p.Second));
        _lastChanged = arguments.Positional;
        return !same;
    }
}
