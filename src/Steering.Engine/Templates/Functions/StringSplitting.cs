namespace Steering.Engine.Templates;

/// <summary>str.split, str.rsplit and str.splitlines. A null separator is any run of whitespace; a negative number of splits is no limit.</summary>
internal static class StringSplitting
{
    public static List<string> Split(string text, string? separator, int splits)
    {
        var parts = new List<string>();
        int left = splits < 0 ? int.MaxValue : splits;
        if (separator is null)
        {
            for (int at = PythonWhitespace.Skip(text, 0); at < text.Length;)
            {
                int end = at;
                while (end < text.Length && !PythonWhitespace.Is(text[end])) end++;
                if (left-- == 0)
                {
                    parts.Add(text[at..PythonWhitespace.TrimEnd(text)]);
                    break;
                }
                parts.Add(text[at..end]);
                at = PythonWhitespace.Skip(text, end);
            }
            return parts;
        }
        int start = 0;
        for (int found; left > 0 && (found = text.IndexOf(separator, start, StringComparison.Ordinal)) >= 0; left--)
        {
            parts.Add(text[start..found]);
            start = found + separator.Length;
        }
        parts.Add(text[start..]);
        return parts;
    }

    public static List<string> SplitFromEnd(string text, string? separator, int splits)
    {
        var parts = new List<string>();
        int left = splits < 0 ? int.MaxValue : splits;
        int end = separator is null ? PythonWhitespace.TrimEnd(text) : text.Length;
        while (separator is null ? end > 0 : left > 0)
        {
            if (separator is null && left == 0)
            {
                parts.Add(text[..end]);
                break;
            }
            int found = separator is null ? LastWhitespace(text, end) : text.AsSpan(0, end).LastIndexOf(separator);
            if (separator is not null && found < 0) break;
            parts.Add(text[(found + (separator?.Length ?? 1))..end]);
            end = separator is null ? PythonWhitespace.TrimEnd(text.AsSpan(0, Math.Max(found, 0))) : found;
            left--;
        }
        if (separator is not null) parts.Add(text[..end]);
        parts.Reverse();
        return parts;
    }

    /// <summary>Lines by all of Unicode's line boundaries that str.splitlines knows; a final boundary starts no further line.</summary>
    public static List<string> Lines(string text, bool keepEnds)
    {
        var lines = new List<string>();
        for (int start = 0; start < text.Length;)
        {
            int end = start;
            while (end < text.Length && !IsBoundary(text[end])) end++;
            int next = end == text.Length ? end : text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
            lines.Add(text[start..(keepEnds ? next : end)]);
            start = next;
        }
        return lines;
    }

    private static int LastWhitespace(string text, int end)
    {
        int at = end - 1;
        while (at >= 0 && !PythonWhitespace.Is(text[at])) at--;
        return at;
    }

    private static bool IsBoundary(char c) => c is >= '\n' and <= '\r' or >= '\u001c' and <= '\u001e' or '\u0085' or '\u2028' or '\u2029';
}
