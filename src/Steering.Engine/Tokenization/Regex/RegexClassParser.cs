using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Regex;

/// <summary>Parses character classes: <c>[^\s\p{L}&amp;&amp;[^a-z]]</c>, <c>\p{Lu}</c>, <c>\d</c>.</summary>
internal sealed class RegexClassParser(RegexReader reader, bool ignoreCase)
{
    private const int MaxDepth = 50;

    private static readonly CodePointSet HexDigit = CodePointSet.Of("0123456789abcdefABCDEF".Select(c => (int)c));

    private int _depth;

    /// <summary>A class, its opening bracket already taken.</summary>
    public CodePointSet Parse()
    {
        if (++_depth > MaxDepth) throw reader.Error("classes nested too deeply");
        bool negated = reader.Take('^');
        CodePointSet? intersection = null;
        var set = CodePointSet.Empty;
        if (!reader.AtEnd && reader.Peek == ']') throw reader.Error("an empty class");
        while (!reader.Take(']'))
        {
            if (reader.AtEnd) throw reader.Error("a '[' without its ']'");
            if (reader.Peek == '&' && reader.PeekAt(1) == '&')
            {
                reader.Position += 2;
                intersection = intersection?.Intersect(set) ?? set;
                set = CodePointSet.Empty;
            }
            else set = set.Union(Item());
        }
        if (intersection is not null) set = intersection.Intersect(set);
        if (ignoreCase) set = CaseFolding.Close(set);
        _depth--;
        return negated ? set.Negate() : set;
    }

    /// <summary>What <c>\s</c>, <c>\p{L}</c> and their like stand for, the backslash already taken; null, and nothing taken, for any other escape.</summary>
    public CodePointSet? TryShorthand()
    {
        CodePointSet? set = reader.Peek switch
        {
            's' or 'S' => UnicodeProperties.WhiteSpace,
            'd' or 'D' => UnicodeProperties.Digit,
            'w' or 'W' => UnicodeProperties.Word,
            'h' or 'H' => HexDigit,
            'p' or 'P' => CodePointSet.Empty,
            _ => null,
        };
        if (set is null) return null;
        int letter = reader.Next();
        if (letter is 'p' or 'P') set = Property();
        return char.IsAsciiLetterUpper((char)letter) ? set.Negate() : set;
    }

    private CodePointSet Property()
    {
        if (!reader.Take('{')) throw reader.Error("a property without braces");
        bool negated = reader.Take('^');
        string name = reader.UpToBrace();
        var set = UnicodeProperties.Find(name) ?? throw reader.Error($"the property '{name}', which is not supported; general categories and scripts are");
        return negated ? set.Negate() : set;
    }

    private CodePointSet Item()
    {
        if (reader.Peek == '[' && reader.PeekAt(1) == ':') throw reader.Error("a POSIX bracket, which is not supported; \\p{..} is");
        if (reader.Take('[')) return Parse();
        if (reader.Peek == '\\' && reader.PeekAt(1) is not ('b' or -1))
        {
            reader.Next();
            if (TryShorthand() is { } shorthand) return shorthand;
            reader.Position--;
        }
        int first = Character();
        // A minus before the closing bracket, a class or an intersection means itself.
        if (reader.AtEnd || reader.Peek != '-' || reader.PeekAt(1) is ']' or '[') return CodePointSet.Of(first);
        if ((reader.PeekAt(1), reader.PeekAt(2)) is ('&', '&') or ('\\', 's' or 'S' or 'd' or 'D' or 'w' or 'W' or 'h' or 'H' or 'p' or 'P'))
            return CodePointSet.Of(first);
        reader.Next();
        int last = Character();
        return first <= last ? CodePointSet.Range(first, last) : throw reader.Error("a range whose ends are swapped");
    }

    private int Character()
    {
        int c = reader.Next();
        if (c != '\\') return c;
        if (reader.AtEnd) throw reader.Error("a backslash at the end");
        return reader.Take('b') ? '\b' : reader.EscapedCharacter();
    }
}
