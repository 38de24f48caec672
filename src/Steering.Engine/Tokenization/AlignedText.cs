using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Steering.Engine.Tokenization;

/// <summary>
/// Text on its way through normalizers and pre-tokenizers: code points, each with the range of the input's code points it came from. What is inserted shares
/// the range of its neighbour, as in Hugging Face tokenizers.
/// </summary>
internal sealed class AlignedText
{
    private readonly List<int> _codePoints;
    private readonly List<(int Start, int End)> _sources;

    public AlignedText(int capacity = 16)
    {
        _codePoints = new List<int>(capacity);
        _sources = new List<(int, int)>(capacity);
    }

    public int Length => _codePoints.Count;

    public ReadOnlySpan<int> CodePoints => CollectionsMarshal.AsSpan(_codePoints);

    /// <summary>For each code point: where in the input it comes from.</summary>
    public ReadOnlySpan<(int Start, int End)> Sources => CollectionsMarshal.AsSpan(_sources);

    /// <summary>The text of a string, aligned with itself; half a surrogate pair becomes U+FFFD.</summary>
    public static AlignedText Of(ReadOnlySpan<char> text)
    {
        var aligned = new AlignedText(text.Length);
        foreach (var rune in text.EnumerateRunes()) aligned.Add(rune.Value, (aligned.Length, aligned.Length + 1));
        return aligned;
    }

    public void Add(int codePoint, (int Start, int End) source)
    {
        _codePoints.Add(codePoint);
        _sources.Add(source);
    }

    /// <summary>Copies a part of another text.</summary>
    public void Add(AlignedText other, int start, int end)
    {
        _codePoints.AddRange(other.CodePoints[start..end]);
        _sources.AddRange(other.Sources[start..end]);
    }

    public void Clear()
    {
        _codePoints.Clear();
        _sources.Clear();
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
}
