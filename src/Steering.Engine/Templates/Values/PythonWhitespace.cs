namespace Steering.Engine.Templates;

/// <summary>Whitespace by str.isspace(), which is also what \s matches in Python: .NET's set and the four separators U+001C to U+001F.</summary>
internal static class PythonWhitespace
{
    public static bool Is(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    public static bool All(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
            if (!Is(c)) return false;
        return true;
    }

    /// <summary>The first position from <paramref name="at"/> that holds no whitespace.</summary>
    public static int Skip(string text, int at)
    {
        while (at < text.Length && Is(text[at])) at++;
        return at;
    }

    /// <summary>The length without trailing whitespace.</summary>
    public static int TrimEnd(ReadOnlySpan<char> text)
    {
        int end = text.Length;
        while (end > 0 && Is(text[end - 1])) end--;
        return end;
    }
}
