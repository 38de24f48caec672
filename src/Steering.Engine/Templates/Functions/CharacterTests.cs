using System.Globalization;
using System.Text;

namespace Steering.Engine.Templates;

/// <summary>str.isdigit and its kin: true where the string is not empty and every character is of the kind.</summary>
internal static class CharacterTests
{
    public static bool All(string text, Func<Rune, bool> test) => text.Length > 0 && text.EnumerateRunes().All(test);

    public static bool IsAlpha(Rune rune) => Rune.IsLetter(rune);

    public static bool IsDecimal(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber;

    /// <summary>Decimal digits and digits in other form (superscripts, circled digits).</summary>
    public static bool IsDigit(Rune rune) => CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0;

    public static bool IsNumeric(Rune rune) => Rune.GetNumericValue(rune) >= 0 || IsDigit(rune);

    public static bool IsUpper(string text) => Cased(text, wanted: UnicodeCategory.UppercaseLetter, other: UnicodeCategory.LowercaseLetter);

    public static bool IsLower(string text) => Cased(text, wanted: UnicodeCategory.LowercaseLetter, other: UnicodeCategory.UppercaseLetter);

    public static bool IsTitle(string text)
    {
        bool any = false;
        bool afterCased = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            bool upper = category is UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter;
            bool lower = category == UnicodeCategory.LowercaseLetter;
            if ((upper && afterCased) || (lower && !afterCased)) return false;
            afterCased = upper || lower;
            any |= afterCased;
        }
        return any;
    }

    private static bool Cased(string text, UnicodeCategory wanted, UnicodeCategory other)
    {
        bool any = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            if (category == other || category == UnicodeCategory.TitlecaseLetter) return false;
            any |= category == wanted;
        }
        return any;
    }
}
