using System.Text;

namespace Steering.Engine.Templates;

/// <summary>Filters on text; they take the text of any value, unless noted.</summary>
internal static class TextFilters
{
    public static object Upper(Execution execution, object value) => PythonCasing.Upper(Text.Of(execution, value));

    public static object Lower(Execution execution, object value) => PythonCasing.Lower(Text.Of(execution, value));

    public static object Capitalize(Execution execution, object value) => PythonCasing.Capitalize(Text.Of(execution, value));

    /// <summary>
    /// safe and string. Markup does not exist here: transformers does not escape on its own, and what safe marks is not escaped by later
    /// concatenations.
    /// </summary>
    public static object Safe(Execution execution, object value) => Text.Of(execution, value);

    public static object Trim(Execution execution, object value, Arguments arguments)
    {
        object? chars = arguments.Bind("trim", 0, "chars")[0];
        return StringTrimming.Trim(Text.Of(execution, value), chars is null or PyNone ? null : Expect.Str(chars), true, true);
    }

    /// <summary>Unlike str.title, words begin after white space, hyphens and opening brackets only.</summary>
    public static object Title(Execution execution, object value)
    {
        string text = Text.Of(execution, value);
        var result = new StringBuilder(text.Length);
        for (int at = 0; at < text.Length;)
        {
            bool isBreak = IsTitleBreak(text[at]);
            int end = at;
            while (end < text.Length && IsTitleBreak(text[end]) == isBreak) end++;
            int first = isBreak ? end : at + CodePoints.SizeAt(text, at);
            result.Append(PythonCasing.Upper(text[at..first])).Append(PythonCasing.Lower(text[first..end]));
            at = end;
        }
        return result.ToString();
    }

    public static object Center(Execution execution, object value, Arguments arguments) =>
        StringMethods.Center(execution, Text.Of(execution, value), Expect.Int(arguments.Bind("center", 0, "width")[0], 80));

    public static object Replace(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("replace", 2, "old", "new", "count");
        int count = values[2] is null or PyNone ? -1 : Expect.Int(values[2]);
        return StringMethods.Replace(execution, Text.Of(execution, value), Text.Of(execution, values[0]!), Text.Of(execution, values[1]!), count);
    }

    public static object Escape(Execution execution, object value)
    {
        var result = new TextBuilder(execution);
        foreach (char c in Text.Of(execution, value))
            result.Append(c switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '\'' => "&#39;", '"' => "&#34;", _ => c.ToString() });
        return result.ToString();
    }

    public static object Format(Execution execution, object value, Arguments arguments)
    {
        if (arguments.Positional.Length > 0 && arguments.Keywords.Count > 0)
            throw new TemplateException("can't handle positional and keyword arguments at the same time");
        object values = arguments.Keywords.Count > 0 ? execution.Dict(DictBuilder.From(arguments.Keywords)) : execution.Tuple(arguments.Positional);
        return PercentFormat.Apply(execution, Text.Of(execution, value), values);
    }

    /// <summary>Takes strings only.</summary>
    public static object Indent(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("indent", 0, "width", "first", "blank");
        if (value is not string text)
            throw value is Undefined undefined ? undefined.Error() : new TemplateException($"indent needs a string, not {TypeName.Of(value)}");
        if (values[0] is not string) execution.CheckLength(Math.Max(0, Expect.Int(values[0], 4)));
        string indention = values[0] as string ?? new string(' ', Math.Max(0, Expect.Int(values[0], 4)));
        bool blank = Expect.Bool(values[2]);
        List<string> lines = StringSplitting.Lines(text + "\n", keepEnds: false);
        var result = new TextBuilder(execution);
        if (Expect.Bool(values[1])) result.Append(indention);
        for (int i = 0; i < lines.Count; i++)
        {
            if (i > 0) result.Append("\n");
            if (i > 0 && (blank || lines[i].Length > 0)) result.Append(indention);
            result.Append(lines[i]);
        }
        return result.ToString();
    }

    /// <summary>Takes strings only.</summary>
    public static object Truncate(Execution execution, object value, Arguments arguments)
    {
        object?[] values = arguments.Bind("truncate", 0, "length", "killwords", "end", "leeway");
        string text = Expect.Str(value);
        int length = Expect.Int(values[0], 255);
        string end = Expect.Str(values[2], "...");
        int keep = length - CodePoints.Count(end);
        int leeway = values[3] is null or PyNone ? 5 : Expect.Int(values[3]);
        if (keep < 0) throw new TemplateException($"expected length >= {CodePoints.Count(end)}, got {length}");
        if (leeway < 0) throw new TemplateException($"expected leeway >= 0, got {leeway}");
        if (CodePoints.Count(text) <= (long)length + leeway) return text;
        string head = text[..CodePoints.OffsetOf(text, keep)];
        int space = Expect.Bool(values[1]) ? -1 : head.LastIndexOf(' ');
        return (space < 0 ? head : head[..space]) + end;
    }

    public static object WordCount(Execution execution, object value)
    {
        long words = 0;
        bool inWord = false;
        foreach (Rune rune in Text.Of(execution, value).EnumerateRunes())
        {
            bool isWord = Rune.IsLetter(rune) || CharacterTests.IsNumeric(rune) || rune.Value == '_';
            if (isWord && !inWord) words++;
            inWord = isWord;
        }
        return words;
    }

    private static bool IsTitleBreak(char c) => c is '-' or '(' or '{' or '[' or '<' || PythonWhitespace.Is(c);
}
