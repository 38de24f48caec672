using System.Collections.Immutable;

namespace Steering.Engine.Tokenization;

/// <summary>Where in a text special tokens are plain text.</summary>
internal sealed class PlainText
{
    private readonly bool _parseSpecial;
    private readonly ImmutableArray<(int Start, int End)> _ranges;
    private readonly Utf16Positions _positions;

    public PlainText(EncodeOptions options, Utf16Positions positions)
    {
        (_parseSpecial, _positions) = (options.ParseSpecial, positions);
        _ranges = options.PlainRanges.IsDefault ? [] : options.PlainRanges;
        int last = 0;
        foreach (var (start, end) in _ranges)
        {
            if (start < last || end < start) throw new ArgumentException("plain ranges must be sorted and disjoint", nameof(options));
            last = end;
        }
    }

    /// <summary>What is found of a special token counts as text where none are parsed.</summary>
    public bool IsToken(AddedToken token, int start, int end) => _parseSpecial || !token.Special;

    /// <summary>Special tokens are not there at all where they overlap a plain range.</summary>
    public AddedTokenFilter Allows(AlignedText text) =>
        _ranges.IsEmpty ? (_, _, _) => true : (token, start, end) => !token.Special || !Overlaps(text.Sources[start].Start, text.Sources[end - 1].End);

    private bool Overlaps(int start, int end)
    {
        int from = _positions.Of(start), to = _positions.Of(end);
        // The first range that ends after the token begins.
        int low = 0, high = _ranges.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].End <= from) low = middle + 1;
            else high = middle;
        }
        return low < _ranges.Length && _ranges[low].Start < to && _ranges[low].End > _ranges[low].Start;
    }
}
