namespace Steering.Engine.Templates;

/// <summary>
/// <c>value.name</c> and <c>value[key]</c> as the immutable sandbox gives them: the first tries attributes and then items, the second the other way
/// round, and what neither has is Undefined. Attributes are a closed list of Python's methods; nothing of .NET can be reached.
/// </summary>
internal static class Access
{
    // Attributes every object has; internal ones are refused even where a dict has such a key.
    private static readonly HashSet<string> Internals =
    [
        "__class__", "__delattr__", "__dir__", "__doc__", "__eq__", "__format__", "__ge__", "__getattribute__", "__getstate__", "__gt__", "__hash__",
        "__init__", "__init_subclass__", "__le__", "__lt__", "__ne__", "__new__", "__reduce__", "__reduce_ex__", "__repr__", "__setattr__", "__sizeof__",
        "__str__", "__subclasshook__", "__dict__", "__module__", "__len__", "__iter__", "__contains__", "__getitem__", "__setitem__", "__delitem__",
        "__add__", "__mul__", "__globals__", "__code__", "__closure__", "__func__", "__self__", "__call__", "__name__", "__qualname__",
    ];

    private static readonly HashSet<string> DictMutators = ["clear", "pop", "popitem", "setdefault", "update"];

    private static readonly HashSet<string> ListMutators = ["append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"];

    public static object Attribute(object value, string name)
    {
        if (value is Undefined undefined) throw undefined.Error();
        return FindAttribute(value, name) ?? FindItem(value, name) ?? Undefined.Member(value, name);
    }

    public static object Item(object value, object key)
    {
        if (value is Undefined undefined) throw undefined.Error();
        return FindItem(value, key) ?? (key is string name ? FindAttribute(value, name) : null) ?? Undefined.Member(value, key);
    }

    private static object? FindItem(object value, object key)
    {
        switch (value)
        {
            case PyDict dict:
                return Equality.IsHashable(key) ? dict.Find(key) : null;
            case PySequence sequence when Index(key, sequence.Items.Count) is { } at:
                return sequence.Items[at];
            case PyRange range when Index(key, (int)Math.Min(range.Count, int.MaxValue)) is { } at:
                return range[at];
            case string text when Numbers.IsInteger(key) && Index(key, CodePoints.Count(text)) is { } at:
                int offset = CodePoints.OffsetOf(text, at);
                return text.Substring(offset, CodePoints.SizeAt(text, offset));
            default:
                return null;
        }
    }

    private static int? Index(object key, int count)
    {
        if (!Numbers.IsInteger(key)) return null;
        int index = Expect.Int(key);
        if (index < 0) index += count;
        return index >= 0 && index < count ? index : null;
    }

    private static object? FindAttribute(object value, string name)
    {
        if (Internals.Contains(name)) return Undefined.Unsafe(value, name);
        return value switch
        {
            string text => StringMethods.Find(text, name),
            PyDict when DictMutators.Contains(name) => Undefined.Unsafe(value, name),
            PyList when ListMutators.Contains(name) => Undefined.Unsafe(value, name),
            PyDict dict => CollectionMethods.Find(dict, name),
            PyGroup group when name == "grouper" => group.Items[0],
            PyGroup group when name == "list" => group.Items[1],
            PySequence sequence => CollectionMethods.Find(sequence, name),
            Namespace space => space.Attributes.GetValueOrDefault(name),
            LoopContext loop => loop.Attribute(name),
            Cycler cycler => cycler.Attribute(name),
            MacroFunction macro when name == "name" => macro.Name is null ? PyNone.Value : macro.Name,
            double number when name == "is_integer" => new NativeFunction(name, (_, _) => Math.Floor(number) == number),
            _ => null,
        };
    }
}
