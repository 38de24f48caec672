namespace Steering.Engine.Templates;

/// <summary><c>value[start:stop:step]</c> of strings, lists, tuples and ranges.</summary>
internal static class Slicing
{
    public static object Apply(Execution execution, object value, object? start, object? stop, object? step)
    {
        if (value is Undefined undefined) throw undefined.Error();
        if (value is not (string or PySequence or PyRange))
            throw new TemplateException(value is PyDict ? "unhashable type: 'slice'" : $"'{TypeName.Of(value)}' object is not subscriptable");
        Iteration.TryLength(value, out int length);
        int stride = Bound(step) ?? 1;
        if (stride == 0) throw new TemplateException("slice step cannot be zero");
        int first = Clip(Bound(start), length, stride, stride > 0 ? 0 : length - 1);
        int end = Clip(Bound(stop), length, stride, stride > 0 ? length : -1);

        var range = new PyRange(first, end, stride);
        execution.Charge(range.Count);
        switch (value)
        {
            case string text when stride == 1:
                int from = CodePoints.OffsetOf(text, first);
                int to = CodePoints.OffsetOf(text, Math.Max(first, end));
                return text[from..to];
            case string text:
                execution.Charge(length);
                string[] characters = [.. CodePoints.Characters(text)];
                return string.Concat(range.Items.Select(i => characters[(long)i]));
            case PyRange source:
                return new PyRange(source.Start + first * source.Step, source.Start + end * source.Step, source.Step * stride);
            default:
                var sequence = (PySequence)value;
                var items = new List<object>();
                foreach (object i in range.Items) items.Add(sequence.Items[(int)(long)i]);
                return sequence is PyTuple ? execution.Tuple(items) : execution.List(items);
        }
    }

    private static int? Bound(object? bound) => bound switch
    {
        null or PyNone => null,
        _ when Numbers.IsInteger(bound) || bound is Undefined => Expect.Int(bound),
        _ => throw new TemplateException("slice indices must be integers or None or have an __index__ method"),
    };

    /// <summary>PySlice_AdjustIndices: a negative bound counts from the end, and all are clipped to the length.</summary>
    private static int Clip(int? bound, int length, int stride, int absent)
    {
        if (bound is not { } value) return absent;
        long index = value < 0 ? (long)value + length : value;
        return (int)Math.Clamp(index, stride < 0 ? -1 : 0, stride < 0 ? length - 1 : length);
    }
}
