namespace Steering.Engine.Templates;

/// <summary>The functions every template finds: jinja2's own, and raise_exception and strftime_now of transformers.</summary>
internal static class Globals
{
    private static readonly Dictionary<string, NativeFunction> Functions = new NativeFunction[]
    {
        new("range", Range),
        new("dict", MakeDict),
        new("namespace", (execution, arguments) => MakeNamespace(execution, arguments)),
        new("cycler", (_, arguments) => new Cycler(arguments.Positional)),
        new("joiner", MakeJoiner),
        new("raise_exception", Raise),
        new("strftime_now", (execution, arguments) =>
            Strftime.Format(Expect.Str(arguments.Bind("strftime_now", 1, "format")[0]), execution.Clock.GetLocalNow().DateTime)),
    }.ToDictionary(f => f.Name);

    public static NativeFunction? Find(string name) => Functions.GetValueOrDefault(name);

    private static PyRange Range(Execution execution, Arguments arguments)
    {
        object?[] values = arguments.Bind("range", 1, "start", "stop", "step");
        long[] numbers = Array.ConvertAll(values, v => v is null ? 1L : Integer(v));
        if (numbers[2] == 0) throw new TemplateException("range() arg 3 must not be zero");
        PyRange range = values[1] is null ? new PyRange(0, numbers[0], 1) : new PyRange(numbers[0], numbers[1], numbers[2]);
        return range.Count <= execution.Limits.Range
            ? range
            : throw new TemplateException($"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({execution.Limits.Range}).");
    }

    private static long Integer(object value) => value is long number ? number : Expect.Int(value);

    private static PyDict MakeDict(Execution execution, Arguments arguments)
    {
        var builder = new DictBuilder();
        if (arguments.Positional.Length > 1) throw new TemplateException($"dict expected at most 1 argument, got {arguments.Positional.Length}");
        if (arguments.Positional is [PyDict dict])
        {
            foreach (var (key, value) in dict.Pairs) builder.Set(key, value);
        }
        else if (arguments.Positional is [var pairs])
        {
            foreach (object pair in execution.Iterate(pairs))
            {
                object[] parts = [.. execution.Iterate(pair)];
                if (parts.Length != 2) throw new TemplateException($"dictionary update sequence element has length {parts.Length}; 2 is required");
                builder.Set(parts[0], parts[1]);
            }
        }
        foreach (var (key, value) in arguments.Keywords) builder.Set(key, value);
        return execution.Dict(builder);
    }

    private static Namespace MakeNamespace(Execution execution, Arguments arguments)
    {
        PyDict dict = MakeDict(execution, arguments);
        return new Namespace(dict.Pairs.ToDictionary(p => p.Key as string ?? Text.Repr(p.Key), p => p.Value));
    }

    private static NativeFunction MakeJoiner(Execution execution, Arguments arguments)
    {
        object separator = arguments.Bind("joiner", 0, "sep")[0] ?? ", ";
        bool used = false;
        return new NativeFunction("joiner", (_, _) =>
        {
            (bool first, used) = (!used, true);
            return first ? "" : separator;
        });
    }

    private static object Raise(Execution execution, Arguments arguments)
    {
        object message = arguments.Bind("raise_exception", 1, "message")[0]!;
        throw new TemplateException(Text.Of(execution, message), execution.Line, isRaised: true);
    }
}

/// <summary><c>cycler(...)</c>: gives its items in turn.</summary>
internal sealed class Cycler(object[] items)
{
    private int _position;

    public object? Attribute(string name) => name switch
    {
        "next" => new NativeFunction(name, (_, _) => Next()),
        "reset" => new NativeFunction(name, (_, _) => Reset()),
        "current" => Current,
        _ => null,
    };

    private object Current => items.Length > 0 ? items[_position] : throw new TemplateException("at least one item has to be provided");

    private object Next()
    {
        object current = Current;
        _position = (_position + 1) % items.Length;
        return current;
    }

    private PyNone Reset()
    {
        _position = 0;
        return PyNone.Value;
    }
}
