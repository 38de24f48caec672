using System.Globalization;
using System.Text;

namespace Steering.Engine.Tokenization.Regex;

/// <summary>Walks over the code points of a regular expression.</summary>
internal sealed class RegexReader(string pattern)
{
    private readonly int[] _codePoints = [.. pattern.EnumerateRunes().Select(r => r.Value)];

    public int Position { get; set; }
    public bool AtEnd => Position >= _codePoints.Length;

    /// <summary>The next code point; only when not <see cref="AtEnd"/>.</summary>
    public int Peek => _codePoints[Position];

    /// <summary>The code point <paramref name="distance"/> after the next, -1 past the end.</summary>
    public int PeekAt(int distance) => Position + distance < _codePoints.Length ? _codePoints[Position + distance] : -1;

    public int Next() => AtEnd ? throw Error("more was expected") : _codePoints[Position++];

    public bool Take(int codePoint)
    {
        if (AtEnd || Peek != codePoint) return false;
        Position++;
        return true;
    }

    /// <summary>A decimal number, or null; large ones come out as a large one.</summary>
    public int? Number()
    {
        int? value = null;
        while (!AtEnd && Peek is >= '0' and <= '9') value = Math.Min((value ?? 0) * 10 + (Next() - '0'), 1_000_000);
        return value;
    }

    /// <summary>The text up to a closing brace, which is taken as well.</summary>
    public string UpToBrace()
    {
        var name = new StringBuilder();
        while (!Take('}')) name.Append(new Rune(Next()).ToString());
        return name.ToString();
    }

    /// <summary>A character written after a backslash: <c>\n</c>, <c>\x41</c>, <c>\x{1F600}</c>, <c>\u0041</c>, <c>\.</c>.</summary>
    public int EscapedCharacter()
    {
        int c = Next();
        return c switch
        {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\f',
            'v' => '\v',
            'a' => '\a',
            'e' => 27,
            '0' => 0,
            'u' => Hexadecimal(4, 4),
            'x' when Take('{') => Braced(),
            'x' => Hexadecimal(1, 2),
            'c' or 'C' or 'M' => throw Error($"\\{(char)c}, which is not supported"),
            _ => c,
        };
    }

    public FormatException Error(string what) => new(string.Create(CultureInfo.InvariantCulture, $"the regular expression has {what} (at character {Position})"));

    private int Braced()
    {
        int value = Hexadecimal(1, 6);
        return Take('}') ? value : throw Error("a '\\x{' without its '}'");
    }

    private int Hexadecimal(int least, int most)
    {
        int value = 0, digits = 0;
        for (; digits < most && !AtEnd && Peek < 128 && char.IsAsciiHexDigit((char)Peek); digits++)
            value = value * 16 + int.Parse([(char)Next()], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (digits < least) throw Error("too few hexadecimal digits");
        return Rune.IsValid(value) ? value : throw Error("a number that is no character");
    }
}
