namespace Steering.Engine.Templates;

/// <summary>Strings as Python sees them: sequences of code points. A surrogate pair is one, a lone surrogate is one.</summary>
internal static class CodePoints
{
    public static bool HasSurrogates(string text) => text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff') >= 0;

    public static int Count(string text)
    {
        if (!HasSurrogates(text)) return text.Length;
        int count = 0;
        for (int i = 0; i < text.Length; i += SizeAt(text, i)) count++;
        return count;
    }

    public static int SizeAt(string text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]) ? 2 : 1;

    public static IEnumerable<string> Characters(string text)
    {
        for (int i = 0; i < text.Length;)
        {
            int size = SizeAt(text, i);
            yield return text.Substring(i, size);
            i += size;
        }
    }

    /// <summary>The UTF-16 offset of the code point at <paramref name="index"/>, at most the length.</summary>
    public static int OffsetOf(string text, int index)
    {
        if (!HasSurrogates(text)) return Math.Min(index, text.Length);
        int offset = 0;
        for (; index > 0 && offset < text.Length; index--) offset += SizeAt(text, offset);
        return offset;
    }

    /// <summary>Order by code points: UTF-16 order differs where surrogates meet U+E000 and above.</summary>
    public static int Compare(string left, string right)
    {
        int common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length) return left.Length.CompareTo(right.Length);
        return Rank(left[common]).CompareTo(Rank(right[common]));

        static int Rank(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
    }
}
