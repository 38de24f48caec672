using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>
/// SentencePiece's rules for characters. Looks up whole graphemes of less than six bytes, where the shortest rule that fits the beginning replaces all of it, and
/// else each character by itself; that is not what SentencePiece does, but what Hugging Face tokenizers does.
/// </summary>
internal sealed class PrecompiledNormalizer : Normalizer
{
    private const int LongestGrapheme = 5;

    // A character grows to so many bytes at most; the longest of the real rules makes 33.
    private const int MaxReplacement = 256;

    private readonly DoubleArray _rules;
    private readonly byte[] _replacements;   // UTF-8, each with a 0 at its end

    private PrecompiledNormalizer(DoubleArray rules, byte[] replacements) => (_rules, _replacements) = (rules, replacements);

    public static PrecompiledNormalizer Of(JsonField field)
    {
        byte[] map;
        try
        {
            map = Convert.FromBase64String(field.Text());
        }
        catch (FormatException e)
        {
            throw field.Fail("not base64", e);
        }
        uint size = map.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(map);
        if (size == 0 || size % 4 != 0 || size > map.Length - 4) throw field.Fail($"no rules for characters: {map.Length} bytes, of which {size} are said to be the trie");
        byte[] replacements = map[(4 + (int)size)..];
        if (!Utf8.IsValid(replacements)) throw field.Fail("the replacements are not UTF-8");
        for (int start = 0; start < replacements.Length;)
        {
            int length = replacements.AsSpan(start).IndexOf((byte)0);
            if (length < 0) length = replacements.Length - start;
            if (length > MaxReplacement) throw field.Fail($"a replacement of {length} bytes; supported are up to {MaxReplacement}");
            start += length + 1;
        }
        return new PrecompiledNormalizer(new DoubleArray(map.AsSpan(4, (int)size)), replacements);
    }

    public override void Apply(AlignedText input, int start, int end, AlignedText output)
    {
        var codePoints = input.CodePoints[start..end];
        string text = input.ToString(start, end);
        var characters = new List<RewrittenCharacter>(codePoints.Length);
        for (int at = 0, unit = 0; at < codePoints.Length;)
        {
            int count = 1, units = codePoints[at] < 0x10000 ? 1 : 2;
            if (!StandsAlone(codePoints, at))
            {
                units = StringInfo.GetNextTextElementLength(text.AsSpan(unit));
                count = CountCodePoints(text.AsSpan(unit, units));
            }
            Rewrite(codePoints.Slice(at, count), characters);
            at += count;
            unit += units;
        }
        Rewriting.Write(characters, input, start, end, output);
    }

    // Below U+0300 no characters make a grapheme together but a carriage return and a line feed.
    private static bool StandsAlone(ReadOnlySpan<int> text, int at) => text[at] < 0x300 && text[at] != '\r' && (at + 1 == text.Length || text[at + 1] < 0x300);

    private static int CountCodePoints(ReadOnlySpan<char> text)
    {
        int count = 0;
        foreach (char c in text)
            if (!char.IsLowSurrogate(c)) count++;
        return count;
    }

    private void Rewrite(ReadOnlySpan<int> grapheme, List<RewrittenCharacter> characters)
    {
        if (grapheme.Length > 1)
        {
            if (TryReplace(grapheme, characters)) return;
            for (int i = 0; i < grapheme.Length; i++) Rewrite(grapheme.Slice(i, 1), characters);
        }
        else if (!TryReplace(grapheme, characters)) characters.Add(new RewrittenCharacter(grapheme[0], 0));
    }

    private bool TryReplace(ReadOnlySpan<int> grapheme, List<RewrittenCharacter> characters)
    {
        Span<byte> utf8 = stackalloc byte[LongestGrapheme + 4];
        int length = 0;
        foreach (int codePoint in grapheme)
        {
            length += new Rune(codePoint).EncodeToUtf8(utf8[length..]);
            if (length > LongestGrapheme) return false;
        }
        int at = _rules.ShortestPrefix(utf8[..length]);
        if (at < 0 || at >= _replacements.Length) return false;
        int written = 0;
        for (; at < _replacements.Length && _replacements[at] != 0; written++)
        {
            Rune.DecodeFromUtf8(_replacements.AsSpan(at), out var rune, out int consumed);
            characters.Add(new RewrittenCharacter(rune.Value, written < grapheme.Length ? 0 : 1));
            at += consumed;
        }
        // Characters for which there is nothing in their place go with the one before; at the very beginning they are forgotten, as in the original.
        if (written < grapheme.Length && characters.Count > 0) characters[^1] = characters[^1] with { Change = characters[^1].Change + written - grapheme.Length };
        return true;
    }
}
