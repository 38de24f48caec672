using System.Text;
using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.PostProcessors;

/// <summary>
/// Takes the white space at a token's ends out of its offsets. It counts characters of the token, not of the input, so a space the pre-tokenizer put in
/// counts as well unless it is the first; that is how the original has it, offsets that look wrong included.
/// </summary>
internal sealed class TrimPostProcessor(bool trimOffsets, bool addPrefixSpace) : PostProcessor
{
    public override List<FoundToken> Apply(List<FoundToken> tokens, bool addSpecialTokens, Func<int, string?> pieceOf)
    {
        if (!trimOffsets) return tokens;
        var result = new List<FoundToken>(tokens.Count);
        foreach (var token in tokens) result.Add(Trim(token, token.Text ?? pieceOf(token.Id) ?? "", result.Count == 0));
        return result;
    }

    private FoundToken Trim(FoundToken token, string text, bool isFirst)
    {
        int leading = 0, trailing = 0, length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            bool isSpace = rune.Value == ByteLetters.Space || UnicodeProperties.WhiteSpace.Contains(rune.Value);
            if (isSpace && leading == length) leading++;
            trailing = isSpace ? trailing + 1 : 0;
            length++;
        }
        if (leading == 1 && addPrefixSpace && (isFirst || token.Start == 0)) leading = 0;
        int start = Math.Min(token.Start + leading, token.End);
        int end = trailing > 0 && token.End >= trailing ? Math.Max(token.End - trailing, start) : token.End;
        return token with { Start = start, End = end };
    }
}
