using System.Globalization;
using System.Numerics;
using System.Text;

namespace Steering.Engine.Templates;

/// <summary>Python's str() and repr().</summary>
internal static class Text
{
    public static string Of(Execution execution, object value)
    {
        if (value is string text) return text;
        if (value is Undefined) return "";
        var result = new TextBuilder(execution);
        AppendRepr(result, value);
        return result.ToString();
    }

    public static string Repr(object value)
    {
        var result = new TextBuilder(null);
        AppendRepr(result, value);
        return result.ToString();
    }

    public static void AppendRepr(TextBuilder result, object value)
    {
        Stack.Guard();
        switch (value)
        {
            case PyNone: result.Append("None"); break;
            case bool b: result.Append(b ? "True" : "False"); break;
            case long number: result.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case BigInteger number: result.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case double number: result.Append(Numbers.Repr(number)); break;
            case string text: result.Append(Quote(text)); break;
            case PyList list: AppendItems(result, "[", list.Items, "]"); break;
            case PyTuple { Items.Count: 1 } tuple: AppendItems(result, "(", tuple.Items, ",)"); break;
            case PyTuple tuple: AppendItems(result, "(", tuple.Items, ")"); break;
            case PyDict dict: AppendPairs(result, "{", dict.Pairs, "}"); break;
            case DictView view: AppendItems(result.Append($"dict_{view.Kind}("), "[", view.Items, "])"); break;
            case PyRange range: result.Append(Describe(range)); break;
            case Undefined: result.Append("Undefined"); break;
            case Namespace space:
                AppendPairs(result, "<Namespace {", space.Attributes.Select(p => KeyValuePair.Create((object)p.Key, p.Value)), "}>");
                break;
            case MacroFunction macro: result.Append(macro.Name is null ? "<Macro anonymous>" : $"<Macro '{macro.Name}'>"); break;
            case NativeFunction function: result.Append($"<function {function.Name}>"); break;
            default: result.Append($"<{TypeName.Of(value)} object>"); break;
        }
    }

    /// <summary>repr() of a string: single quotes unless only those occur in it; what does not print is escaped.</summary>
    public static string Quote(string text)
    {
        char quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        var result = new StringBuilder().Append(quote);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            switch (c)
            {
                case '\\': result.Append("\\\\"); break;
                case '\n': result.Append("\\n"); break;
                case '\r': result.Append("\\r"); break;
                case '\t': result.Append("\\t"); break;
                case var _ when c == quote: result.Append('\\').Append(c); break;
                case >= ' ' and < '\u007f': result.Append(c); break;
                default: i += AppendNonAscii(result, text, i) - 1; break;
            }
        }
        return result.Append(quote).ToString();
    }

    private static int AppendNonAscii(StringBuilder result, string text, int at)
    {
        int size = CodePoints.SizeAt(text, at);
        int code = size == 2 ? char.ConvertToUtf32(text, at) : text[at];
        // CharUnicodeInfo takes lone surrogates too; str.isprintable() is false for the categories "other" and "separator".
        bool printable = CharUnicodeInfo.GetUnicodeCategory(code) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.SpaceSeparator
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
        if (printable) result.Append(text, at, size);
        else if (code < 0x100) result.Append(CultureInfo.InvariantCulture, $"\\x{code:x2}");
        else if (code < 0x10000) result.Append(CultureInfo.InvariantCulture, $"\\u{code:x4}");
        else result.Append(CultureInfo.InvariantCulture, $"\\U{code:x8}");
        return size;
    }

    private static string Describe(PyRange range) => FormattableString.Invariant(
        $"range({range.Start}, {range.Stop}{(range.Step == 1 ? "" : ", " + range.Step.ToString(CultureInfo.InvariantCulture))})");

    private static void AppendItems(TextBuilder result, string open, IEnumerable<object> items, string close)
    {
        result.Append(open);
        string separator = "";
        foreach (object item in items)
        {
            AppendRepr(result.Append(separator), item);
            separator = ", ";
        }
        result.Append(close);
    }

    private static void AppendPairs(TextBuilder result, string open, IEnumerable<KeyValuePair<object, object>> pairs, string close)
    {
        result.Append(open);
        string separator = "";
        foreach (var (key, value) in pairs)
        {
            AppendRepr(result.Append(separator), key);
            AppendRepr(result.Append(": "), value);
            separator = ", ";
        }
        result.Append(close);
    }
}
