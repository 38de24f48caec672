namespace Steering.Engine.Templates;

/// <summary>Filters that order, group or compare items; text is compared without case unless case_sensitive is set.</summary>
internal static class SortFilters
{
    public static object Sort(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("sort", 0, "reverse", "case_sensitive", "attribute");
        Func<object, object> key = AttributeGetter.Several(execution, values[2], ignoreCase: !Expect.Bool(values[1]));
        return execution.List(Sorting.Sort(execution, [.. execution.Iterate(value)], key, Expect.Bool(values[0])));
    }

    public static object DictSort(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("dictsort", 0, "case_sensitive", "by", "reverse");
        string by = Expect.Str(values[1], "key");
        if (by is not ("key" or "value")) throw new TemplateException("You can only sort by either \"key\" or \"value\"");
        if (value is not PyDict dict)
            throw value is Undefined undefined ? undefined.Error() : new TemplateException($"'{TypeName.Of(value)}' object has no attribute 'items'");
        var getter = new AttributeGetter(by == "key" ? 0L : 1L, null, ignoreCase: !Expect.Bool(values[0]));
        return execution.List(Sorting.Sort(execution, [.. new DictView(dict, "items").Items], getter.Get, Expect.Bool(values[2])));
    }

    /// <summary>The first of equal items, in order.</summary>
    public static object Unique(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("unique", 0, "case_sensitive", "attribute");
        var getter = new AttributeGetter(values[1], null, ignoreCase: !Expect.Bool(values[0]));
        return new PyIterator("generator", Distinct());

        IEnumerable<object> Distinct()
        {
            var seen = new HashSet<object>(Equality.Keys);
            foreach (object item in execution.Iterate(value))
            {
                object key = getter.Get(item);
                execution.Charge(PySequence.WeightOf(key));
                if (seen.Add(key)) yield return item;
            }
        }
    }

    public static object Min(Execution execution, object value, Arguments arguments) =>
        Extreme(execution, value, arguments.Bind("min", 0, "case_sensitive", "attribute"), "<");

    public static object Max(Execution execution, object value, Arguments arguments) =>
        Extreme(execution, value, arguments.Bind("max", 0, "case_sensitive", "attribute"), ">");

    public static object GroupBy(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("groupby", 1, "attribute", "default", "case_sensitive");
        bool ignoreCase = !Expect.Bool(values[2]);
        var key = new AttributeGetter(values[0], values[1], ignoreCase);
        var shown = new AttributeGetter(values[0], values[1]);
        var groups = new List<(object Key, List<object> Items)>();
        foreach (object item in Sorting.Sort(execution, [.. execution.Iterate(value)], key.Get, reverse: false))
        {
            object current = key.Get(item);
            if (groups.Count == 0 || !Equality.AreEqual(groups[^1].Key, current)) groups.Add((current, []));
            groups[^1].Items.Add(item);
        }
        return execution.List([.. groups.Select(g => new PyGroup(shown.Get(g.Items[0]), execution.List(g.Items)))]);
    }

    private static object Extreme(Execution execution, object value, object?[] values, string op)
    {
        var getter = new AttributeGetter(values[1], null, ignoreCase: !Expect.Bool(values[0]));
        object? best = null;
        object bestKey = PyNone.Value;
        foreach (object item in execution.Iterate(value))
        {
            object key = getter.Get(item);
            execution.Charge(PySequence.WeightOf(key));
            if (best is not null && !(op == "<" ? Comparing.Order(key, bestKey, op) < 0 : Comparing.Order(key, bestKey, op) > 0)) continue;
            (best, bestKey) = (item, key);
        }
        return best ?? Undefined.Hinted("No aggregated item, sequence was empty.");
    }
}
