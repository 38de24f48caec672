namespace Steering.Engine.Templates;

/// <summary>The methods of dicts, lists and tuples that do not change them.</summary>
internal static class CollectionMethods
{
    public static NativeFunction? Find(PyDict dict, string name) => name switch
    {
        "keys" or "values" or "items" => new NativeFunction(name, (_, arguments) =>
        {
            arguments.Bind(name, 0);
            return new DictView(dict, name);
        }),
        "get" => new NativeFunction(name, (execution, arguments) =>
        {
            object?[] values = arguments.Bind(name, 1, "key", "default");
            execution.Charge(PySequence.WeightOf(values[0]!));
            return dict.Find(values[0]!) ?? values[1] ?? PyNone.Value;
        }),
        "copy" => new NativeFunction(name, (_, _) => dict),
        _ => null,
    };

    public static NativeFunction? Find(PySequence sequence, string name) => name switch
    {
        "index" => new NativeFunction(name, (execution, arguments) => IndexOf(execution, sequence, arguments)),
        "count" => new NativeFunction(name, (execution, arguments) =>
        {
            object sought = arguments.Bind(name, 1, "value")[0]!;
            execution.Charge(sequence.Weight);
            return (long)sequence.Items.Count(item => Equality.AreEqual(item, sought));
        }),
        "copy" when sequence is PyList => new NativeFunction(name, (_, _) => sequence),
        _ => null,
    };

    private static long IndexOf(Execution execution, PySequence sequence, Arguments arguments)
    {
        object?[] values = arguments.Bind("index", 1, "value", "start", "stop");
        execution.Charge(sequence.Weight);
        int count = sequence.Items.Count;
        int start = Expect.Int(values[1]);
        int stop = Expect.Int(values[2], count);
        if (start < 0) start = Math.Max(0, start + count);
        if (stop < 0) stop += count;
        for (int i = start; i < Math.Min(stop, count); i++)
            if (Equality.AreEqual(sequence.Items[i], values[0]!)) return (long)i;
        throw new TemplateException($"{Text.Repr(values[0]!)} is not in {TypeName.Of(sequence)}");
    }
}
