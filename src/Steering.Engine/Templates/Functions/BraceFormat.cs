using System.Globalization;

namespace Steering.Engine.Templates;

/// <summary>str.format: fields <c>{name.attribute[item]!conversion:spec}</c>, with the attributes the sandbox gives out.</summary>
internal static class BraceFormat
{
    public static object Apply(Execution execution, string format, Arguments arguments)
    {
        var result = new TextBuilder(execution);
        int next = 0;
        for (int at = 0; at < format.Length;)
        {
            int brace = format.AsSpan(at).IndexOfAny('{', '}');
            result.Append(brace < 0 ? format[at..] : format.Substring(at, brace));
            if (brace < 0) break;
            at += brace + 1;
            if (at < format.Length && format[at] == format[at - 1])
            {
                result.Append(format[at++].ToString());
                continue;
            }
            if (format[at - 1] == '}') throw new TemplateException("Single '}' encountered in format string");
            int close = ClosingBrace(format, at);
            result.Append(Field(execution, format[at..close], arguments, ref next));
            at = close + 1;
        }
        return result.ToString();
    }

    private static int ClosingBrace(string format, int at)
    {
        int depth = 1;
        for (; at < format.Length; at++)
        {
            if (format[at] == '{') depth++;
            else if (format[at] == '}' && --depth == 0) return at;
        }
        throw new TemplateException("expected '}' before end of string");
    }

    private static string Field(Execution execution, string field, Arguments arguments, ref int next)
    {
        int specAt = field.IndexOf(':', StringComparison.Ordinal);
        string spec = specAt < 0 ? "" : field[(specAt + 1)..];
        string path = specAt < 0 ? field : field[..specAt];
        int conversionAt = path.IndexOf('!', StringComparison.Ordinal);
        string conversion = conversionAt < 0 ? "" : path[(conversionAt + 1)..];
        object value = Lookup(conversionAt < 0 ? path : path[..conversionAt], arguments, ref next);
        if (spec.Contains('{', StringComparison.Ordinal)) throw new TemplateException("nested format fields are not supported");
        value = conversion switch
        {
            "" => value,
            "s" => Text.Of(execution, value),
            "r" => Text.Repr(value),
            _ => throw new TemplateException($"Unknown conversion specifier '{conversion}'"),
        };
        return spec.Length == 0 ? Text.Of(execution, value) : FormatSpec.Parse(spec).Apply(execution, value);
    }

    private static object Lookup(string path, Arguments arguments, ref int next)
    {
        int end = path.AsSpan().IndexOfAny('.', '[');
        string first = end < 0 ? path : path[..end];
        object value;
        if (first.Length == 0 || first.All(char.IsAsciiDigit))
        {
            int index = first.Length == 0 ? next++ : int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : int.MaxValue;
            if (index >= arguments.Positional.Length)
                throw new TemplateException($"Replacement index {index} out of range for positional args tuple");
            value = arguments.Positional[index];
        }
        else
        {
            value = arguments.Keywords.TryGetValue(first, out object? named) ? named : throw new TemplateException($"the format has no value for '{first}'");
        }
        for (int at = Math.Max(end, 0); end >= 0 && at < path.Length;)
        {
            bool isItem = path[at] == '[';
            int stop = isItem ? path.IndexOf(']', at) : path.AsSpan(at + 1).IndexOfAny('.', '[') is var o && o >= 0 ? at + 1 + o : path.Length;
            if (stop < 0 || (path[at] != '.' && !isItem)) throw new TemplateException("malformed field name in format string");
            string name = path[(at + 1)..stop];
            bool isIndex = isItem && long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _);
            value = !isItem ? Access.Attribute(value, name)
                : Access.Item(value, isIndex ? long.Parse(name, NumberStyles.None, CultureInfo.InvariantCulture) : name);
            at = isItem ? stop + 1 : stop;
        }
        return value;
    }
}
