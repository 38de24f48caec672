using System.Buffers;
using System.Text;

namespace Steering.Engine.Tokenization;

/// <summary>
/// Text on its way through normalizers and pre-tokenizers: code points, each with the range of the input's code points it came from. What is inserted shares
/// the range of its neighbour, as in Hugging Face tokenizers.
/// </summary>
internal sealed class AlignedText
{
    // Not lists: what they hold is written once, so nothing need be cleared first, and texts may be megabytes.
    private int[] _codePoints;
    private (int Start, int End)[] _sources;

    public AlignedText(int capacity = 16)
    {
        _codePoints = GC.AllocateUninitializedArray<int>(capacity);
        _sources = GC.AllocateUninitializedArray<(int, int)>(capacity);
    }

    public int Length { get; private set; }

    public ReadOnlySpan<int> CodePoints => _codePoints.AsSpan(0, Length);

    /// <summary>For each code point: where in the input it comes from.</summary>
    public ReadOnlySpan<(int Start, int End)> Sources => _sources.AsSpan(0, Length);

    /// <summary>The text of a string, aligned with itself; half a surrogate pair becomes U+FFFD.</summary>
    public static AlignedText Of(ReadOnlySpan<char> text)
    {
        var aligned = new AlignedText(text.Length);
        foreach (var rune in text.EnumerateRunes()) aligned.Add(rune.Value, (aligned.Length, aligned.Length + 1));
        return aligned;
    }

    public void Add(int codePoint, (int Start, int End) source)
    {
        if (Length == _codePoints.Length) Grow(1);
        _codePoints[Length] = codePoint;
        _sources[Length++] = source;
    }

    /// <summary>Copies a part of another text.</summary>
    public void Add(AlignedText other, int start, int end)
    {
        if (end - start > _codePoints.Length - Length) Grow(end - start);
        other.CodePoints[start..end].CopyTo(_codePoints.AsSpan(Length));
        other.Sources[start..end].CopyTo(_sources.AsSpan(Length));
        Length += end - start;
    }

    public override string ToString() => ToString(0, Length);

    public string ToString(int start, int end) => TextOf(CodePoints[start..end]);

    /// <summary>Code points as a string.</summary>
    public static string TextOf(ReadOnlySpan<int> codePoints)
    {
        char[] units = ArrayPool<char>.Shared.Rent(codePoints.Length * 2);
        int length = 0;
        foreach (int codePoint in codePoints) length += new Rune(codePoint).EncodeToUtf16(units.AsSpan(length));
        string text = new(units, 0, length);
        ArrayPool<char>.Shared.Return(units);
        return text;
    }

    private void Grow(int more)
    {
        var grown = new AlignedText(Math.Max(Length + more, Length * 2));
        CodePoints.CopyTo(grown._codePoints);
        Sources.CopyTo(grown._sources);
        (_codePoints, _sources) = (grown._codePoints, grown._sources);
    }
}
