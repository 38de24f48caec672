namespace Steering.Engine.Templates;

/// <summary>map, select, reject, selectattr and rejectattr: lazy, like the generators they are in Python.</summary>
internal static class SelectionFilters
{
    public static object Map(Execution execution, object value, Arguments arguments)
    {
        return new PyIterator("generator", Truth.Of(value) ? Mapped() : []);

        IEnumerable<object> Mapped()
        {
            Func<object, object> map = MapFunction(execution, arguments);
            foreach (object item in execution.Iterate(value)) yield return map(item);
        }
    }

    public static object Select(Execution execution, object value, Arguments arguments, bool byAttribute, bool keep)
    {
        return new PyIterator("generator", Truth.Of(value) ? Selected() : []);

        IEnumerable<object> Selected()
        {
            if (byAttribute && arguments.Positional.Length == 0) throw new TemplateException("Missing parameter for attribute name");
            AttributeGetter getter = new(byAttribute ? arguments.Positional[0] : null);
            Func<object, bool> test = TestFunction(execution, byAttribute ? arguments with { Positional = arguments.Positional[1..] } : arguments);
            foreach (object item in execution.Iterate(value))
                if (test(getter.Get(item)) == keep) yield return item;
        }
    }

    private static Func<object, object> MapFunction(Execution execution, Arguments arguments)
    {
        if (arguments.Positional.Length == 0 && arguments.Keywords.ContainsKey("attribute"))
        {
            object?[] values = arguments.Bind("map", 0, "attribute", "default");
            return new AttributeGetter(values[0], values[1]).Get;
        }
        if (arguments.Positional.Length == 0) throw new TemplateException("map requires a filter argument");
        string name = Expect.Str(arguments.Positional[0]);
        Filter filter = FilterTable.Find(name) ?? throw new TemplateException($"No filter named '{name}'.");
        Arguments rest = arguments with { Positional = arguments.Positional[1..] };
        return item => filter(execution, item, rest);
    }

    private static Func<object, bool> TestFunction(Execution execution, Arguments arguments)
    {
        if (arguments.Positional.Length == 0) return Truth.Of;
        string name = Expect.Str(arguments.Positional[0]);
        Test test = TestTable.Find(name) ?? throw new TemplateException($"No test named '{name}'.");
        Arguments rest = arguments with { Positional = arguments.Positional[1..] };
        return item => test(execution, item, rest);
    }
}
