using System.Runtime.InteropServices;
using System.Text;
using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.Models;

/// <summary>What a byte-pair model does besides merging.</summary>
/// <param name="Unknown">The token for characters that have none; null if such are dropped.</param>
/// <param name="FuseUnknown">Neighbouring unknown characters become one token.</param>
/// <param name="ByteFallback">Characters without a token become one for each byte, if there are such.</param>
/// <param name="WholeWords">A word that is in the vocabulary is its token, whether or not merges lead there.</param>
internal sealed record BpeOptions(int? Unknown, bool FuseUnknown, bool ByteFallback, bool WholeWords);

/// <summary>Byte-pair encoding (Sennrich et al. 2015, arXiv 1508.07909).</summary>
internal sealed class Bpe : Model
{
    // A queue that has grown beyond this is not kept for the next word.
    private const int KeptCapacity = 1 << 14;

    private readonly MergeTable _merges;
    private readonly BpeOptions _options;
    private readonly Dictionary<int, int> _characters = [];
    private readonly ByteTokens? _bytes;
    private readonly Neighbours? _neighbours;   // null where a part of a word may come out other than in the word
    private MergeQueue? _spare;

    private Bpe(Vocabulary vocabulary, MergeTable merges, BpeOptions options) : base(vocabulary)
    {
        (_merges, _options) = (merges, options);
        foreach (var (piece, id) in vocabulary.Entries)
        {
            bool isWhole = Rune.DecodeFromUtf16(piece, out var rune, out int length) == System.Buffers.OperationStatus.Done && length == piece.Length;
            if (isWhole) _characters[rune.Value] = id;
        }
        _bytes = options.ByteFallback ? new ByteTokens(vocabulary) : null;
        bool dropsCharacters = options.Unknown is null && _bytes is not { AreComplete: true };
        _neighbours = options.WholeWords || dropsCharacters ? null : new Neighbours(merges, vocabulary);
    }

    public static Bpe Of(JsonField field)
    {
        if (field.Find("dropout") is { } dropout && !dropout.IsZero) throw dropout.Fail("tokens that depend on chance are not supported");
        foreach (string affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (field.Find(affix) is { } set && set.Text().Length > 0) throw set.Fail("not supported; supported is a model without it");
        var vocabulary = Vocabulary.Read(field.Get("vocab"));
        var merges = MergeTable.Read(field.Get("merges"), vocabulary);
        int? unknown = field.Find("unk_token") is { } token ? vocabulary.IdOf(token) : null;
        return new Bpe(vocabulary, merges, new BpeOptions(unknown, Flag("fuse_unk"), Flag("byte_fallback"), Flag("ignore_merges")));

        bool Flag(string name) => field.Find(name)?.Flag() ?? false;
    }

    protected override void TokenizeWord(ReadOnlySpan<int> word, List<WordToken> tokens)
    {
        if (_options.WholeWords && Vocabulary.IdOf(AlignedText.TextOf(word)) is { } whole) tokens.Add(new WordToken(whole, 0, word.Length));
        else if (PartEnd(word, 0) is var end && end == word.Length) MergeWord(word, tokens);
        else
        {
            for (int start = 0; start < word.Length; start = end)
            {
                end = PartEnd(word, start);
                int before = tokens.Count;
                Tokenize(word[start..end], tokens);
                foreach (ref var token in CollectionsMarshal.AsSpan(tokens)[before..]) token = new WordToken(token.Id, token.Start + start, token.End + start);
            }
        }
    }

    // Where the part of a word ends that nothing outside it merges with. Characters without a token, which may fuse, stay with those beside them.
    private int PartEnd(ReadOnlySpan<int> word, int start)
    {
        if (_neighbours is null) return word.Length;
        for (int end = start + 1; end < word.Length; end++)
            if (!_neighbours.Contains(word[end - 1], word[end]) && _characters.ContainsKey(word[end - 1]) && _characters.ContainsKey(word[end])) return end;
        return word.Length;
    }

    private void MergeWord(ReadOnlySpan<int> word, List<WordToken> tokens)
    {
        var queue = Interlocked.Exchange(ref _spare, null) ?? new MergeQueue(_merges);
        queue.Clear();
        AddSymbols(word, queue);
        queue.Run();
        // Tokens count bytes: where characters were dropped the later ones move to the left, as in the original.
        int position = 0, at = 0, atByte = 0, start = 0;
        while (queue.Next(ref position, out int id, out int bytes))
        {
            int first = CharacterAt(word, start, ref at, ref atByte);
            int last = CharacterAt(word, start + bytes - 1, ref at, ref atByte);
            tokens.Add(new WordToken(id, first, last + 1));
            start += bytes;
        }
        if (queue.Capacity <= KeptCapacity) Volatile.Write(ref _spare, queue);
    }

    private void AddSymbols(ReadOnlySpan<int> word, MergeQueue queue)
    {
        int unknownBytes = 0;
        Span<int> bytes = stackalloc int[4];
        foreach (int codePoint in word)
        {
            int length = Utf8Length(codePoint);
            if (_characters.TryGetValue(codePoint, out int id))
            {
                FlushUnknown(queue, ref unknownBytes);
                queue.Add(id, length);
                continue;
            }
            if (_bytes?.Write(codePoint, bytes) is > 0)
            {
                // Unknown characters before these are added after them, as in the original.
                foreach (int b in bytes[..length]) queue.Add(b, 1);
                continue;
            }
            if (_options.Unknown is null) continue;
            if (!_options.FuseUnknown) FlushUnknown(queue, ref unknownBytes);
            unknownBytes += length;
        }
        FlushUnknown(queue, ref unknownBytes);
    }

    private void FlushUnknown(MergeQueue queue, ref int unknownBytes)
    {
        if (unknownBytes > 0) queue.Add(_options.Unknown!.Value, unknownBytes);
        unknownBytes = 0;
    }

    // The character that holds a byte; positions only grow.
    private static int CharacterAt(ReadOnlySpan<int> word, int position, ref int at, ref int atByte)
    {
        while (at < word.Length - 1 && atByte + Utf8Length(word[at]) <= position) atByte += Utf8Length(word[at++]);
        return at;
    }

    private static int Utf8Length(int codePoint) => codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
}
