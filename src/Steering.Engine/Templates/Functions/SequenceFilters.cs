namespace Steering.Engine.Templates;

/// <summary>Filters that take sequences apart or put them together.</summary>
internal static class SequenceFilters
{
    public static object First(Execution execution, object value) =>
        execution.Iterate(value).FirstOrDefault() ?? Undefined.Hinted("No first item, sequence was empty.");

    public static object Last(Execution execution, object value) => value switch
    {
        PySequence { Items: [.., var last] } => last,
        Undefined => Undefined.Hinted("No last item, sequence was empty."),
        _ => Iteration.TryReverse(value, out IEnumerable<object>? items)
            ? items.FirstOrDefault() ?? Undefined.Hinted("No last item, sequence was empty.")
            : throw new TemplateException($"'{TypeName.Of(value)}' object is not reversible"),
    };

    public static object Length(Execution execution, object value) => Iteration.TryLength(value, out int length)
        ? (long)length : throw new TemplateException($"object of type '{TypeName.Of(value)}' has no len()");

    public static object List(Execution execution, object value) => execution.List([.. execution.Iterate(value)]);

    public static object Join(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("join", 0, "d", "attribute");
        string separator = values[0] is null ? "" : Text.Of(execution, values[0]!);
        AttributeGetter? getter = values[1] is null or PyNone ? null : new AttributeGetter(values[1]);
        var result = new TextBuilder(execution);
        bool first = true;
        foreach (object item in execution.Iterate(value))
        {
            if (!first) result.Append(separator);
            first = false;
            result.Append(Text.Of(execution, getter?.Get(item) ?? item));
        }
        return result.ToString();
    }

    /// <summary>A string backwards; an iterator over anything else that can be reversed.</summary>
    public static object Reverse(Execution execution, object value)
    {
        if (value is string text) return Slicing.Apply(execution, text, null, null, -1L);
        if (Iteration.TryReverse(value, out IEnumerable<object>? items)) return new PyIterator(TypeName.Of(value) + "_reverseiterator", items);
        if (!Iteration.TryIterate(value, out _)) throw new TemplateException("argument must be iterable");
        return execution.List([.. execution.Iterate(value).Reverse()]);
    }

    /// <summary>The pairs of a mapping; nothing of what is undefined.</summary>
    public static object Items(Execution execution, object value) => value switch
    {
        Undefined => new PyIterator("generator", []),
        PyDict dict => new PyIterator("generator", new DictView(dict, "items").Items),
        _ => throw new TemplateException("Can only get item pairs from a mapping."),
    };

    public static object Sum(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("sum", 0, "attribute", "start");
        var getter = new AttributeGetter(values[0]);
        object total = values[1] ?? 0L;
        if (total is string) throw new TemplateException("sum() can't sum strings [use ''.join(seq) instead]");
        foreach (object item in execution.Iterate(value)) total = Arithmetic.Apply(execution, "+", total, getter.Get(item));
        return total;
    }

    /// <summary>Lists of that many items each; the last filled up where something to fill with is given.</summary>
    public static object Batch(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("batch", 1, "linecount", "fill_with");
        int size = Expect.Int(values[0]);
        return new PyIterator("generator", Batches());

        IEnumerable<object> Batches()
        {
            var batch = new List<object>();
            foreach (object item in execution.Iterate(value))
            {
                if (batch.Count == size)
                {
                    yield return execution.List(batch);
                    batch = [];
                }
                batch.Add(item);
            }
            if (batch.Count == 0) yield break;
            if (values[1] is not (null or PyNone))
            {
                execution.CheckLength(size);
                while (batch.Count < size) batch.Add(values[1]!);
            }
            yield return execution.List(batch);
        }
    }

    /// <summary>That many lists, of nearly equal length, in order.</summary>
    public static object Slice(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("slice", 1, "slices", "fill_with");
        int slices = Expect.Int(values[0]);
        return new PyIterator("generator", Slices());

        IEnumerable<object> Slices()
        {
            List<object> items = [.. execution.Iterate(value)];
            if (slices == 0) throw new TemplateException("integer division or modulo by zero");
            int start = 0;
            for (int i = 0; i < slices; i++)
            {
                execution.Step();
                bool longer = i < items.Count % slices;
                int count = items.Count / slices + (longer ? 1 : 0);
                List<object> part = items.GetRange(start, count);
                start += count;
                if (!longer && values[1] is not (null or PyNone)) part.Add(values[1]!);
                yield return execution.List(part);
            }
        }
    }
}
