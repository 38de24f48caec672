using System.Globalization;

namespace Steering.Engine.Templates;

/// <summary>The % operator on strings and the format filter: <c>%[(name)][flags][width][.precision]type</c>.</summary>
internal static class PercentFormat
{
    public static string Apply(Execution execution, string format, object values)
    {
        var result = new TextBuilder(execution);
        IReadOnlyList<object> positional = values is PyTuple tuple ? tuple.Items : [values];
        int next = 0;
        for (int at = 0; at < format.Length;)
        {
            int percent = format.IndexOf('%', at);
            result.Append(format[at..(percent < 0 ? format.Length : percent)]);
            if (percent < 0) break;
            at = percent + 1;
            object? value = ReadName(format, ref at, values);
            bool named = value is not null;
            FormatSpec spec = ReadSpec(format, ref at, Next);
            if (at >= format.Length) throw new TemplateException("incomplete format");
            char type = format[at++];
            if (type == '%') result.Append("%");
            else result.Append(One(execution, spec, type, named ? value! : Next()));
        }
        if (next < positional.Count && values is not (PyDict or PyList)) throw new TemplateException("not all arguments converted during string formatting");
        return result.ToString();

        object Next() => next < positional.Count ? positional[next++] : throw new TemplateException("not enough arguments for format string");
    }

    private static object? ReadName(string format, ref int at, object values)
    {
        if (at >= format.Length || format[at] != '(') return null;
        int close = format.IndexOf(')', at);
        if (close < 0) throw new TemplateException("incomplete format key");
        if (values is not PyDict dict) throw new TemplateException("format requires a mapping");
        string name = format[(at + 1)..close];
        at = close + 1;
        return dict.Find(name) ?? throw new TemplateException($"the format has no value for '{name}'");
    }

    private static FormatSpec ReadSpec(string format, ref int at, Func<object> star)
    {
        var spec = new FormatSpec { Align = '>' };
        for (; at < format.Length && format[at] is '-' or '+' or ' ' or '0' or '#'; at++)
        {
            spec = format[at] switch
            {
                '-' => spec with { Align = '<', Fill = " " },
                '0' when spec.Align != '<' => spec with { Align = '=', Fill = "0" },
                '+' => spec with { Sign = '+' },
                ' ' when spec.Sign != '+' => spec with { Sign = ' ' },
                '#' => spec with { Alternate = true },
                _ => spec,
            };
        }
        spec = spec with { Width = ReadNumber(format, ref at, star) ?? 0 };
        if (spec.Width < 0) spec = spec with { Align = '<', Width = -spec.Width };
        if (at >= format.Length || format[at] != '.') return spec;
        at++;
        return spec with { Precision = ReadNumber(format, ref at, star) ?? 0 };
    }

    private static int? ReadNumber(string format, ref int at, Func<object> star)
    {
        if (at < format.Length && format[at] == '*')
        {
            at++;
            return Math.Max(Expect.Int(star()), -int.MaxValue);
        }
        int start = at;
        while (at < format.Length && char.IsAsciiDigit(format[at])) at++;
        if (at == start) return null;
        return int.TryParse(format.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number : throw new TemplateException("width too big");
    }

    private static string One(Execution execution, FormatSpec spec, char type, object value)
    {
        FormatSpec text = spec with { Type = 's', Align = spec.Align == '=' ? '>' : spec.Align, Fill = " " };
        switch (type)
        {
            case 's': return text.Apply(execution, value is string s ? s : Text.Of(execution, value));
            case 'r' or 'a': return text.Apply(execution, Text.Repr(value));
            case 'c' when value is string single: return text.Apply(execution, single);
            case 'd' or 'i' or 'u':
                if (value is double number) value = Filters.Truncate(number);
                if (!Numbers.IsInteger(value)) throw new TemplateException($"%{type} format: a real number is required, not {TypeName.Of(value)}");
                return (spec with { Type = 'd', Precision = null }).Apply(execution, value);
            case 'x' or 'X' or 'o' or 'c' or 'f' or 'F' or 'e' or 'E' when Numbers.Is(value):
                return (spec with { Type = type }).Apply(execution, value);
            default:
                throw new TemplateException($"unsupported format character '{type}' for {TypeName.Of(value)}");
        }
    }
}
