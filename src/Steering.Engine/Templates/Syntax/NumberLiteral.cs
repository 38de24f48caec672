using System.Globalization;
using System.Numerics;

namespace Steering.Engine.Templates;

/// <summary>Number literals of templates: Python's, with underscores between digits and the bases 2, 8 and 16 for integers.</summary>
internal static class NumberLiteral
{
    /// <summary>Reads the number at <paramref name="at"/>, which holds a digit: its end, and a long, BigInteger or double.</summary>
    public static (int End, object Value) Read(string text, int at, bool allowFloat)
    {
        if (allowFloat && TryFloatEnd(text, at, out int floatEnd))
            return (floatEnd, double.Parse(Digits(text, at, floatEnd), NumberStyles.Float, CultureInfo.InvariantCulture));
        if (text[at] == '0' && at + 1 < text.Length)
        {
            int radix = char.ToLowerInvariant(text[at + 1]) switch { 'b' => 2, 'o' => 8, 'x' => 16, _ => 0 };
            int end = radix == 0 ? at : RunEnd(text, at + 2, c => DigitOf(c) < radix, leadingUnderscore: true);
            if (radix != 0 && end > at + 2)
            {
                BigInteger value = BigInteger.Zero;
                foreach (char c in Digits(text, at + 2, end)) value = value * radix + DigitOf(c);
                return (end, Numbers.Normalise(value));
            }
        }
        int decimalEnd = text[at] == '0' ? RunEnd(text, at, c => c == '0') : RunEnd(text, at, char.IsAsciiDigit);
        return (decimalEnd, Numbers.Normalise(BigInteger.Parse(Digits(text, at, decimalEnd), CultureInfo.InvariantCulture)));
    }

    private static bool TryFloatEnd(string text, int at, out int end)
    {
        end = RunEnd(text, at, char.IsAsciiDigit);
        bool isFloat = false;
        if (end + 1 < text.Length && text[end] == '.' && char.IsAsciiDigit(text[end + 1]))
        {
            end = RunEnd(text, end + 1, char.IsAsciiDigit);
            isFloat = true;
        }
        if (end < text.Length && text[end] is 'e' or 'E')
        {
            int digits = end + 1 < text.Length && text[end + 1] is '+' or '-' ? end + 2 : end + 1;
            if (digits < text.Length && char.IsAsciiDigit(text[digits]))
            {
                end = RunEnd(text, digits, char.IsAsciiDigit);
                isFloat = true;
            }
        }
        return isFloat;
    }

    private static int RunEnd(string text, int at, Func<char, bool> isDigit, bool leadingUnderscore = false)
    {
        int end = at;
        while (end < text.Length)
        {
            bool underscore = text[end] == '_' && (end > at || leadingUnderscore) && end + 1 < text.Length && isDigit(text[end + 1]);
            if (!underscore && !isDigit(text[end])) break;
            end++;
        }
        return end;
    }

    private static string Digits(string text, int from, int to) => text[from..to].Replace("_", "", StringComparison.Ordinal);

    private static int DigitOf(char c) => char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : int.MaxValue;
}
