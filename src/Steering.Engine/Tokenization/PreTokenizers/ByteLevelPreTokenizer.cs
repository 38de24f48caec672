using System.Text;
using Steering.Engine.Tokenization.Regex;

namespace Steering.Engine.Tokenization.PreTokenizers;

/// <summary>Puts a space before every text that has none (if asked to), splits by GPT-2's regular expression (likewise), and writes bytes as letters.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex) : PreTokenizer
{
    private static readonly SplitPreTokenizer Words = new(
        CompiledRegex.Parse(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"), SplitBehaviour.Isolated, invert: false);

    public override void Apply(PiecedText text)
    {
        if (addPrefixSpace) text.Rewrite((piece, output) => AddSpace(text.Text, piece, output));
        if (useRegex) Words.Apply(text);
        text.Rewrite((piece, output) => WriteLetters(text.Text, piece, output));
    }

    private static void AddSpace(AlignedText text, Piece piece, AlignedText output)
    {
        if (text.CodePoints[piece.Start] != ' ') output.Add(' ', text.Sources[piece.Start]);
        output.Add(text, piece.Start, piece.End);
    }

    private static void WriteLetters(AlignedText text, Piece piece, AlignedText output)
    {
        Span<byte> utf8 = stackalloc byte[4];
        for (int i = piece.Start; i < piece.End; i++)
        {
            int codePoint = text.CodePoints[i];
            var source = text.Sources[i];
            if (codePoint < 0x80) output.Add(ByteLetters.Of((byte)codePoint), source);
            else
            {
                int length = new Rune(codePoint).EncodeToUtf8(utf8);
                foreach (byte b in utf8[..length]) output.Add(ByteLetters.Of(b), source);
            }
        }
    }
}
