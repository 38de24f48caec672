using System.Globalization;
using System.Text;

namespace Steering.Engine.Templates;

/// <summary>Case conversion of Python's str: Unicode's full mappings, where one character can become several. .NET maps one to one.</summary>
internal static class PythonCasing
{
    public static string Upper(string text) => Ascii.IsValid(text) ? text.ToUpperInvariant() : Map(text, static (rune, _) => SpecialCasing.Upper(rune));

    public static string Lower(string text) => Ascii.IsValid(text) ? text.ToLowerInvariant() : Map(text, (rune, at) => LowerAt(text, rune, at));

    public static string Capitalize(string text) =>
        Map(text, (rune, at) => at == 0 ? SpecialCasing.Title(rune) : LowerAt(text, rune, at));

    public static string Title(string text)
    {
        bool afterCased = false;
        return Map(text, (rune, at) =>
        {
            string mapped = afterCased ? LowerAt(text, rune, at) : SpecialCasing.Title(rune);
            afterCased = IsCased(rune);
            return mapped;
        });
    }

    public static string Swap(string text) => Map(text, (rune, at) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter => LowerAt(text, rune, at),
        UnicodeCategory.LowercaseLetter => SpecialCasing.Upper(rune),
        _ => rune.ToString(),
    });

    private static string Map(string text, Func<Rune, int, string> map)
    {
        var result = new StringBuilder(text.Length);
        for (int at = 0; at < text.Length;)
        {
            if (Rune.TryGetRuneAt(text, at, out Rune rune))
            {
                result.Append(map(rune, at));
                at += rune.Utf16SequenceLength;
            }
            else
            {
                result.Append(text[at++]);
            }
        }
        return result.ToString();
    }

    private static string LowerAt(string text, Rune rune, int at) => rune.Value == 0x3A3 ? (IsFinalSigma(text, at) ? "ς" : "σ") : SpecialCasing.Lower(rune);

    /// <summary>Unicode's Final_Sigma: a cased letter before, none after, case-ignorable characters between not counted.</summary>
    private static bool IsFinalSigma(string text, int at)
    {
        int before = at - 1;
        while (before >= 0 && IsCaseIgnorable(text[before])) before--;
        if (before < 0 || !IsCasedAt(text, before)) return false;
        int after = at + 1;
        while (after < text.Length && IsCaseIgnorable(text[after])) after++;
        return after == text.Length || !IsCasedAt(text, after);
    }

    private static bool IsCasedAt(string text, int at)
    {
        int start = char.IsLowSurrogate(text[at]) && at > 0 ? at - 1 : at;
        return Rune.TryGetRuneAt(text, start, out Rune rune) && IsCased(rune);
    }

    private static bool IsCased(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter
        or UnicodeCategory.TitlecaseLetter || rune.Value is 0xAA or 0xBA or (>= 0x2160 and <= 0x217F) or (>= 0x24B6 and <= 0x24E9);

    private static bool IsCaseIgnorable(char c) => c is '\'' or '.' or ':' or '^' or '`' or '·' or '\u2018' or '\u2019' || char.GetUnicodeCategory(c) is
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
        or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}
