namespace Steering.Engine.Templates;

/// <summary>str.strip and its one-sided forms.</summary>
internal static class StringTrimming
{
    /// <summary>Removes whitespace (<paramref name="chars"/> null) or any of the given characters.</summary>
    public static string Trim(string text, string? chars, bool start, bool end)
    {
        HashSet<string>? set = chars is null ? null : [.. CodePoints.Characters(chars)];
        int from = 0;
        int to = text.Length;
        while (start && from < to && Matches(text, from, out int size)) from += size;
        while (end && to > from)
        {
            int last = to - 2 >= from && CodePoints.SizeAt(text, to - 2) == 2 ? to - 2 : to - 1;
            if (!Matches(text, last, out _)) break;
            to = last;
        }
        return text[from..to];

        bool Matches(string value, int at, out int size)
        {
            size = CodePoints.SizeAt(value, at);
            return set is null ? PythonWhitespace.Is(value[at]) : set.Contains(value.Substring(at, size));
        }
    }
}
