namespace Steering.Engine.Templates;

/// <summary>The methods of Python's str.</summary>
internal static class StringMethods
{
    private delegate object Method(Execution execution, string text, Arguments arguments);

    private static readonly Dictionary<string, Method> Methods = new()
    {
        ["strip"] = (_, text, a) => StringTrimming.Trim(text, Chars(a, "strip"), true, true),
        ["lstrip"] = (_, text, a) => StringTrimming.Trim(text, Chars(a, "lstrip"), true, false),
        ["rstrip"] = (_, text, a) => StringTrimming.Trim(text, Chars(a, "rstrip"), false, true),
        ["split"] = (e, text, a) => Split(e, text, a, StringSplitting.Split),
        ["rsplit"] = (e, text, a) => Split(e, text, a, StringSplitting.SplitFromEnd),
        ["splitlines"] = (e, text, a) => e.List(StringSplitting.Lines(text, Expect.Bool(a.Bind("splitlines", 0, "keepends")[0]))),
        ["partition"] = (e, text, a) => Partition(e, text, a, "partition"),
        ["rpartition"] = (e, text, a) => Partition(e, text, a, "rpartition"),
        ["startswith"] = (_, text, a) => HasAffix(text, a, "startswith", static (s, p) => s.StartsWith(p, StringComparison.Ordinal)),
        ["endswith"] = (_, text, a) => HasAffix(text, a, "endswith", static (s, p) => s.EndsWith(p, StringComparison.Ordinal)),
        ["removeprefix"] = (_, text, a) => One(a, "removeprefix") is var p && text.StartsWith(p, StringComparison.Ordinal) ? text[p.Length..] : text,
        ["removesuffix"] = (_, text, a) => One(a, "removesuffix") is { Length: > 0 } p && text.EndsWith(p, StringComparison.Ordinal) ? text[..^p.Length] : text,
        ["replace"] = ReplaceMethod,
        ["join"] = Join,
        ["find"] = (_, text, a) => Find(text, a, "find", last: false),
        ["rfind"] = (_, text, a) => Find(text, a, "rfind", last: true),
        ["index"] = (_, text, a) => Existing(Find(text, a, "index", last: false)),
        ["rindex"] = (_, text, a) => Existing(Find(text, a, "rindex", last: true)),
        ["count"] = (_, text, a) => Count(text, a),
        ["center"] = (e, text, a) => Pad(e, text, a, "center"),
        ["ljust"] = (e, text, a) => Pad(e, text, a, "ljust"),
        ["rjust"] = (e, text, a) => Pad(e, text, a, "rjust"),
        ["zfill"] = ZeroFill,
        ["format"] = BraceFormat.Apply,
    };

    // Without arguments.
    private static readonly Dictionary<string, Func<string, object>> Plain = new()
    {
        ["upper"] = text => PythonCasing.Upper(text),
        ["lower"] = text => PythonCasing.Lower(text),
        ["casefold"] = text => PythonCasing.Lower(text.Replace("ß", "ss", StringComparison.Ordinal)),
        ["swapcase"] = text => PythonCasing.Swap(text),
        ["title"] = text => PythonCasing.Title(text),
        ["capitalize"] = text => PythonCasing.Capitalize(text),
        ["isdigit"] = text => CharacterTests.All(text, CharacterTests.IsDigit),
        ["isdecimal"] = text => CharacterTests.All(text, CharacterTests.IsDecimal),
        ["isnumeric"] = text => CharacterTests.All(text, CharacterTests.IsNumeric),
        ["isalpha"] = text => CharacterTests.All(text, CharacterTests.IsAlpha),
        ["isalnum"] = text => CharacterTests.All(text, r => CharacterTests.IsAlpha(r) || CharacterTests.IsNumeric(r)),
        ["isspace"] = text => text.Length > 0 && PythonWhitespace.All(text),
        ["isascii"] = text => System.Text.Ascii.IsValid(text),
        ["isupper"] = text => CharacterTests.IsUpper(text),
        ["islower"] = text => CharacterTests.IsLower(text),
        ["istitle"] = text => CharacterTests.IsTitle(text),
    };

    // Methods of str that templates have no use for: refused by name rather than undefined.
    private static readonly HashSet<string> Unsupported = ["encode", "expandtabs", "format_map", "isidentifier", "isprintable", "maketrans", "translate"];

    public static NativeFunction? Find(string text, string name)
    {
        if (Plain.TryGetValue(name, out Func<string, object>? plain))
        {
            return new NativeFunction(name, (execution, arguments) =>
            {
                arguments.RequireNone(name);
                execution.Charge(text.Length);
                return plain(text);
            });
        }
        if (Methods.TryGetValue(name, out Method? method))
        {
            return new NativeFunction(name, (execution, arguments) =>
            {
                execution.Charge(PySequence.WeightOf(text));
                return method(execution, text, arguments);
            });
        }
        return Unsupported.Contains(name) ? throw new TemplateException($"the string method '{name}' is not supported") : null;
    }

    /// <summary>str.replace; a negative count means all. An empty <paramref name="old"/> matches between all characters.</summary>
    public static string Replace(Execution execution, string text, string old, string replacement, int count)
    {
        if (count == 0) return text;
        var result = new TextBuilder(execution);
        int left = count < 0 ? int.MaxValue : count;
        int at = 0;
        if (old.Length == 0)
        {
            for (; left > 0 && at < text.Length; left--)
            {
                int size = CodePoints.SizeAt(text, at);
                result.Append(replacement).Append(text.Substring(at, size));
                at += size;
            }
            if (left > 0) result.Append(replacement);
            return result.Append(text[at..]).ToString();
        }
        for (int found; left > 0 && (found = text.IndexOf(old, at, StringComparison.Ordinal)) >= 0; left--)
        {
            result.Append(text[at..found]).Append(replacement);
            at = found + old.Length;
        }
        return at == 0 ? text : result.Append(text[at..]).ToString();
    }

    public static string Center(Execution execution, string text, int width, string fill = " ")
    {
        int missing = Math.Max(0, width - CodePoints.Count(text));
        int left = missing / 2 + (missing & width & 1); // str.center puts the odd one left where the width is odd
        execution.CheckLength((long)text.Length + missing);
        return Filled(fill, left) + text + Filled(fill, missing - left);
    }

    private static string? Chars(Arguments arguments, string method) =>
        arguments.Bind(method, 0, "chars")[0] is { } chars and not PyNone ? Expect.Str(chars) : null;

    private static string One(Arguments arguments, string method) => Expect.Str(arguments.Bind(method, 1, "text")[0]);

    private static PyList Split(Execution execution, string text, Arguments arguments, Func<string, string?, int, List<string>> split)
    {
        object?[] values = arguments.Bind("split", 0, "sep", "maxsplit");
        string? separator = values[0] is null or PyNone ? null : Expect.Str(values[0]);
        if (separator is "") throw new TemplateException("empty separator");
        execution.Charge(text.Length);
        return execution.List(split(text, separator, Expect.Int(values[1], -1)));
    }

    private static PyTuple Partition(Execution execution, string text, Arguments arguments, string method)
    {
        string separator = One(arguments, method);
        if (separator.Length == 0) throw new TemplateException("empty separator");
        bool last = method == "rpartition";
        int at = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        if (at < 0) return last ? execution.Tuple("", "", text) : execution.Tuple(text, "", "");
        return execution.Tuple(text[..at], separator, text[(at + separator.Length)..]);
    }

    private static bool HasAffix(string text, Arguments arguments, string method, Func<string, string, bool> has)
    {
        object?[] values = arguments.Bind(method, 1, "affix", "start", "end");
        (int from, int to) = Range(text, values[1], values[2]);
        if (from > to) return false;
        string part = text[from..to];
        if (values[0] is PyTuple tuple) return tuple.Items.Any(affix => has(part, Expect.Str(affix)));
        if (values[0] is string single) return has(part, single);
        if (values[0] is Undefined undefined) throw undefined.Error();
        throw new TemplateException($"{method} first arg must be str or a tuple of str, not {TypeName.Of(values[0]!)}");
    }

    private static string ReplaceMethod(Execution execution, string text, Arguments arguments)
    {
        object?[] values = arguments.Bind("replace", 2, "old", "new", "count");
        return Replace(execution, text, Expect.Str(values[0]), Expect.Str(values[1]), Expect.Int(values[2], -1));
    }

    private static string Join(Execution execution, string separator, Arguments arguments)
    {
        var result = new TextBuilder(execution);
        int index = 0;
        foreach (object item in execution.Iterate(arguments.Bind("join", 1, "iterable")[0]!))
        {
            if (item is not string part) throw new TemplateException($"sequence item {index}: expected str instance, {TypeName.Of(item)} found");
            if (index++ > 0) result.Append(separator);
            result.Append(part);
        }
        return result.ToString();
    }

    private static long Find(string text, Arguments arguments, string method, bool last)
    {
        object?[] values = arguments.Bind(method, 1, "sub", "start", "end");
        string sought = Expect.Str(values[0]);
        (int from, int to) = Range(text, values[1], values[2]);
        if (from > to) return -1;
        ReadOnlySpan<char> part = text.AsSpan(from, to - from);
        int at = last ? part.LastIndexOf(sought) : part.IndexOf(sought);
        return at < 0 ? -1 : CodePoints.Count(text[..(from + at)]);
    }

    private static long Existing(long at) => at >= 0 ? at : throw new TemplateException("substring not found");

    private static long Count(string text, Arguments arguments)
    {
        object?[] values = arguments.Bind("count", 1, "sub", "start", "end");
        string sought = Expect.Str(values[0]);
        (int from, int to) = Range(text, values[1], values[2]);
        if (from > to) return 0L;
        ReadOnlySpan<char> part = text.AsSpan(from, to - from);
        return sought.Length == 0 ? CodePoints.Count(part.ToString()) + 1L : part.Count(sought);
    }

    /// <summary>UTF-16 offsets of optional bounds in code points.</summary>
    private static (int From, int To) Range(string text, object? start, object? end)
    {
        if (start is null or PyNone && end is null or PyNone) return (0, text.Length);
        int length = CodePoints.Count(text);
        int from = start is null or PyNone ? 0 : Expect.Int(start);
        int to = end is null or PyNone ? length : Math.Min(Expect.Int(end), length);
        if (from < 0) from = Math.Max(0, from + length);
        if (to < 0) to = Math.Max(0, to + length);
        return from > length ? (1, 0) : (CodePoints.OffsetOf(text, from), CodePoints.OffsetOf(text, to));
    }

    private static string Pad(Execution execution, string text, Arguments arguments, string method)
    {
        object?[] values = arguments.Bind(method, 1, "width", "fillchar");
        int width = Expect.Int(values[0]);
        string fill = Expect.Str(values[1], " ");
        if (CodePoints.Count(fill) != 1) throw new TemplateException("The fill character must be exactly one character long");
        if (method == "center") return Center(execution, text, width, fill);
        int missing = Math.Max(0, width - CodePoints.Count(text));
        execution.CheckLength((long)text.Length + missing);
        return method == "ljust" ? text + Filled(fill, missing) : Filled(fill, missing) + text;
    }

    private static string Filled(string fill, int count) => fill.Length == 1 ? new string(fill[0], count) : string.Concat(Enumerable.Repeat(fill, count));

    private static string ZeroFill(Execution execution, string text, Arguments arguments)
    {
        int missing = Math.Max(0, Expect.Int(arguments.Bind("zfill", 1, "width")[0]) - CodePoints.Count(text));
        execution.CheckLength((long)text.Length + missing);
        int sign = text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
        return text[..sign] + new string('0', missing) + text[sign..];
    }
}
