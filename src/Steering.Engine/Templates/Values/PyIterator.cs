namespace Steering.Engine.Templates;

/// <summary>A generator or iterator: lazy, without a length, and used up by whoever reads it first.</summary>
internal sealed class PyIterator(string typeName, IEnumerable<object> source)
{
    private IEnumerator<object>? _items;

    public string TypeName => typeName;

    public IEnumerable<object> Rest
    {
        get
        {
            _items ??= source.GetEnumerator();
            while (_items.MoveNext()) yield return _items.Current;
        }
    }
}
