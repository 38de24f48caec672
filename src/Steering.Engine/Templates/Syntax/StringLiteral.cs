using System.Globalization;
using System.Text;

namespace Steering.Engine.Templates;

/// <summary>
/// Escapes of string literals. jinja2 encodes a literal with <c>backslashreplace</c> and decodes it with <c>unicode-escape</c>; the same two
/// steps here.
/// </summary>
internal static class StringLiteral
{
    public static string Unescape(ReadOnlySpan<char> literal, int line)
    {
        if (!literal.Contains('\\')) return literal.ToString();
        string text = EscapeNonAscii(literal);
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                result.Append(text[i]);
                continue;
            }
            if (++i == text.Length) throw new TemplateException($"line {line}: a string ends with a single backslash", line);
            switch (text[i])
            {
                case '\n': break; // a continued line
                case '\\' or '\'' or '"': result.Append(text[i]); break;
                case 'a': result.Append('\a'); break;
                case 'b': result.Append('\b'); break;
                case 'f': result.Append('\f'); break;
                case 'n': result.Append('\n'); break;
                case 'r': result.Append('\r'); break;
                case 't': result.Append('\t'); break;
                case 'v': result.Append('\v'); break;
                case 'x': AppendHex(result, text, ref i, 2, line); break;
                case 'u': AppendHex(result, text, ref i, 4, line); break;
                case 'U': AppendHex(result, text, ref i, 8, line); break;
                case 'N': throw new TemplateException($"line {line}: character names (\\N) are not supported in strings", line);
                case >= '0' and <= '7': AppendOctal(result, text, ref i); break;
                default: result.Append('\\').Append(text[i]); break;
            }
        }
        return result.ToString();
    }

    private static string EscapeNonAscii(ReadOnlySpan<char> literal)
    {
        if (Ascii.IsValid(literal)) return literal.ToString();
        var result = new StringBuilder();
        for (int i = 0; i < literal.Length; i++)
        {
            char c = literal[i];
            if (c < 0x80) result.Append(c);
            else if (c < 0x100) result.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
            else if (char.IsHighSurrogate(c) && i + 1 < literal.Length && char.IsLowSurrogate(literal[i + 1]))
                result.Append(CultureInfo.InvariantCulture, $"\\U{char.ConvertToUtf32(c, literal[++i]):x8}");
            else result.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }
        return result.ToString();
    }

    private static void AppendHex(StringBuilder result, string text, ref int at, int digits, int line)
    {
        if (at + digits >= text.Length ||
            !uint.TryParse(text.AsSpan(at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value) || value > 0x10FFFF)
            throw new TemplateException($"line {line}: truncated or invalid \\{text[at]} escape in a string", line);
        if (value < 0x10000) result.Append((char)value);
        else result.Append(char.ConvertFromUtf32((int)value));
        at += digits;
    }

    private static void AppendOctal(StringBuilder result, string text, ref int at)
    {
        int value = text[at] - '0';
        for (int n = 1; n < 3 && at + 1 < text.Length && text[at + 1] is >= '0' and <= '7'; n++) value = value * 8 + (text[++at] - '0');
        result.Append((char)value);
    }
}
