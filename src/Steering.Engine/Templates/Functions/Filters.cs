using System.Numerics;

namespace Steering.Engine.Templates;

/// <summary>Filters on numbers and on any value.</summary>
internal static class Filters
{
    public static object Default(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("default", 0, "default_value", "boolean");
        bool replaces = value is Undefined || (Expect.Bool(values[1]) && !Truth.Of(value));
        return replaces ? values[0] ?? "" : value;
    }

    /// <summary>The attribute only, where the dot would go on to items.</summary>
    public static object Attr(Execution execution, object value, Arguments arguments)
    {
        string name = Expect.Str(arguments.Bind("attr", 1, "name")[0]);
        if (value is Undefined undefined) throw undefined.Error();
        return value is PyDict dict && dict.Find(name) is not null && CollectionMethods.Find(dict, name) is null
            ? Undefined.Member(value, name)
            : Access.Attribute(value, name);
    }

    public static object Abs(Execution execution, object value) => value switch
    {
        double number => Math.Abs(number),
        Undefined undefined => throw undefined.Error(),
        _ when Numbers.IsInteger(value) => Numbers.Normalise(BigInteger.Abs(Numbers.ToBig(value))),
        _ => throw new TemplateException($"bad operand type for abs(): '{TypeName.Of(value)}'"),
    };

    public static object Int(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("int", 0, "default", "base");
        object fallback = values[0] ?? 0L;
        switch (value)
        {
            case Undefined undefined: throw undefined.Error();
            case double number: return double.IsNaN(number) ? fallback : Truncate(number);
            case string text:
                if (Numbers.ParseInteger(text, Expect.Int(values[1], 10)) is { } parsed) return parsed;
                return Numbers.ParseFloat(text) is { } real && double.IsFinite(real) ? Truncate(real) : fallback;
            default: return Numbers.IsInteger(value) ? Numbers.Normalise(Numbers.ToBig(value)) : fallback;
        }
    }

    public static object Float(Execution execution, object value, Arguments arguments)
    {
        object fallback = arguments.Bind("float", 0, "default")[0] ?? 0.0;
        return value switch
        {
            Undefined undefined => throw undefined.Error(),
            string text => Numbers.ParseFloat(text) ?? fallback,
            _ => Numbers.Is(value) ? Numbers.ToDouble(value) : fallback,
        };
    }

    public static object Round(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("round", 0, "precision", "method");
        int precision = Expect.Int(values[0]);
        string method = Expect.Str(values[1], "common");
        if (method is not ("common" or "ceil" or "floor")) throw new TemplateException("method must be common, ceil or floor");
        if (value is Undefined undefined) throw undefined.Error();
        if (!Numbers.Is(value)) throw new TemplateException($"type {TypeName.Of(value)} doesn't define __round__ method");
        if (method == "common")
            return value is double number ? DecimalDigits.Round(number, precision) : Numbers.Normalise(DecimalDigits.Round(Numbers.ToBig(value), precision));
        double unit = Math.Pow(10, precision);
        double scaled = Numbers.ToDouble(value) * unit;
        if (!double.IsFinite(scaled)) throw new TemplateException("cannot convert float infinity or NaN to integer");
        return (method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled)) / unit;
    }

    /// <summary>int() of a float.</summary>
    public static object Truncate(double number) => double.IsFinite(number)
        ? Numbers.Normalise(new BigInteger(Math.Truncate(number)))
        : throw new TemplateException($"cannot convert float {(double.IsNaN(number) ? "NaN" : "infinity")} to integer");

    /// <summary>tojson of transformers: json.dumps, neither escaping HTML nor, by default, anything beyond ASCII.</summary>
    public static object ToJson(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        string? indent = values[1] switch
        {
            null or PyNone => null,
            string text => text,
            _ => new string(' ', Math.Clamp(Expect.Int(values[1]), 0, 1000)),
        };
        (string item, string key) = (indent is null ? ", " : ",", ": ");
        if (values[2] is not (null or PyNone))
        {
            if (values[2] is not PySequence { Items: [string i, string k] }) throw new TemplateException("separators must be a pair of strings");
            (item, key) = (i, k);
        }
        return JsonValues.Dump(execution, value, Expect.Bool(values[0]), indent, item, key, Expect.Bool(values[3]));
    }
}
