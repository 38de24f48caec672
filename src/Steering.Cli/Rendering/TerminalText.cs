using System.Globalization;
using System.Text;

namespace Steering.Cli.Rendering;

/// <summary>Makes text from a model or a server harmless to a terminal.</summary>
internal static class TerminalText
{
    /// <summary>
    /// Writes control characters as <c>\u001b</c>: with them a model could recolour, overwrite or retitle the terminal, or answer its queries. Newline and
    /// tab stay. Bidirectional controls are escaped too: they make text read differently from what it says (CVE-2021-42574).
    /// </summary>
    public static string Escape(string text)
    {
        int first = text.AsSpan().IndexOfAny(Dangerous);
        if (first < 0) return text;
        var escaped = new StringBuilder(text.Length + 16).Append(text, 0, first);
        foreach (char c in text.AsSpan(first))
        {
            if (Dangerous.Contains(c)) escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else escaped.Append(c);
        }
        return escaped.ToString();
    }

    /// <summary>A text as it goes to the output: harmless to a terminal, unchanged for a program.</summary>
    public static string For(Terminal terminal, string text) => terminal.OutputIsTerminal ? Escape(text) : text;

    private static readonly System.Buffers.SearchValues<char> Dangerous = System.Buffers.SearchValues.Create(
    [
        .. Range(0x00, 0x1f).Where(c => c is not ('\n' or '\t')),
        .. Range(0x7f, 0x9f), // delete and C1
        .. Range(0x202a, 0x202e), .. Range(0x2066, 0x2069), // bidirectional embeddings, overrides and isolates
    ]);

    private static IEnumerable<char> Range(int first, int last) => Enumerable.Range(first, last - first + 1).Select(c => (char)c);
}
