namespace Steering.Engine.Tokenization;

/// <summary>Where the code points of a string begin in it.</summary>
internal sealed class Utf16Positions
{
    // Null where every code point is one unit.
    private readonly int[]? _positions;

    public Utf16Positions(string text, int codePoints)
    {
        if (codePoints == text.Length) return;
        _positions = new int[codePoints + 1];
        int at = 0, unit = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            _positions[at++] = unit;
            unit += rune.Utf16SequenceLength;
        }
        _positions[at] = unit;
    }

    public int Of(int codePoint) => _positions is null ? codePoint : _positions[codePoint];
}
