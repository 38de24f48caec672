using System.Globalization;
using Steering.Engine.Tokenization.Models;
using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization;

/// <summary>Whether an added token may be found from one to another position of a text.</summary>
internal delegate bool AddedTokenFilter(AddedToken token, int start, int end);

/// <summary>Finds added tokens: the leftmost, of those the longest, and so on after its end. Time is length x the longest token at worst. Immutable.</summary>
internal sealed class AddedTokenFinder
{
    private readonly PieceTrie _trie = new();
    private readonly List<AddedToken> _tokens = [];
    private readonly bool[] _asciiStarts = new bool[128];

    /// <summary>For tokens and the texts they are to be found by; of two with the same text the later one.</summary>
    public AddedTokenFinder(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        foreach (var (text, token) in tokens)
        {
            if (text.Length > 0 && text[0] < 128) _asciiStarts[text[0]] = true;
            _trie.Add(text, _tokens.Count);
            _tokens.Add(token);
        }
    }

    public bool IsEmpty => _trie.Count == 1;

    /// <summary>
    /// Cuts a piece at the tokens found in it. What <paramref name="isToken"/> rejects counts as found, but as text; what <paramref name="isThere"/> rejects
    /// is not there at all, so that a shorter or a later token may be.
    /// </summary>
    public void Cut(AlignedText text, Piece piece, List<Piece> pieces, AddedTokenFilter isToken, AddedTokenFilter isThere)
    {
        var codePoints = text.CodePoints[..piece.End];
        int done = piece.Start, at = piece.Start;
        while (at < piece.End)
        {
            var token = Longest(codePoints, at, isThere, out int matchEnd);
            if (token is null)
            {
                at++;
                continue;
            }
            int start = at, end = matchEnd;
            at = matchEnd;
            if (!isToken(token, start, end) || (token.SingleWord && TouchesWord(codePoints, piece.Start, start, end))) continue;
            if (token.StripLeft)
            {
                start = Math.Max(start, done);
                while (start > done && UnicodeProperties.WhiteSpace.Contains(codePoints[start - 1])) start--;
            }
            if (token.StripRight)
            {
                while (end < codePoints.Length && UnicodeProperties.WhiteSpace.Contains(codePoints[end])) end++;
            }
            if (done < start) pieces.Add(new Piece(done, start));
            pieces.Add(new Piece(start, end, token.Id));
            done = end;
        }
        if (done < piece.End) pieces.Add(new Piece(done, piece.End));
    }

    private AddedToken? Longest(ReadOnlySpan<int> text, int start, AddedTokenFilter isThere, out int end)
    {
        end = start;
        if (text[start] < 128 && !_asciiStarts[text[start]]) return null;
        AddedToken? longest = null;
        int node = PieceTrie.Root;
        for (int i = start; i < text.Length; i++)
        {
            node = _trie.Step(node, text[i]);
            if (node < 0) break;
            if (_trie.ValueAt(node) is >= 0 and int found && isThere(_tokens[found], start, i + 1)) (longest, end) = (_tokens[found], i + 1);
        }
        return longest;
    }

    private static bool TouchesWord(ReadOnlySpan<int> text, int textStart, int start, int end) =>
        (start > textStart && IsWord(text[start - 1])) || (end < text.Length && IsWord(text[end]));

    // \w of Rust's regular expressions: Alphabetic, M, Nd, Pc and the joiners. .NET's categories are of the same version of Unicode, 16.
    private static bool IsWord(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
    {
        <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation => true,
        // Letters in circles and squares are symbols by category.
        UnicodeCategory.OtherSymbol =>
            codePoint is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
        _ => codePoint is 0x200C or 0x200D,
    };
}
