using System.Globalization;
using System.Text;
using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.Models;

/// <summary>What a byte-pair model does besides merging.</summary>
/// <param name="Unknown">The token for characters that have none; null if such are dropped.</param>
/// <param name="FuseUnknown">Neighbouring unknown characters become one token.</param>
/// <param name="ByteFallback">Characters without a token become one for each byte, if there are such.</param>
/// <param name="WholeWords">A word that is in the vocabulary is its token, whether or not merges lead there.</param>
internal sealed record BpeOptions(int? Unknown, bool FuseUnknown, bool ByteFallback, bool WholeWords);

/// <summary>Byte-pair encoding. Immutable but for what it remembers; safe to use from many threads.</summary>
internal sealed class Bpe
{
    // A queue that has grown beyond this is not kept for the next word.
    private const int KeptCapacity = 1 << 14;

    private readonly Vocabulary _vocabulary;
    private readonly MergeTable _merges;
    private readonly BpeOptions _options;
    private readonly Dictionary<int, int> _characters = [];
    private readonly int[] _bytes = new int[256];
    private readonly WordCache _cache = new();
    private MergeQueue? _spare;

    private Bpe(Vocabulary vocabulary, MergeTable merges, BpeOptions options)
    {
        (_vocabulary, _merges, _options) = (vocabulary, merges, options);
        foreach (var (piece, id) in vocabulary.Entries)
        {
            bool isWhole = Rune.DecodeFromUtf16(piece, out var rune, out int length) == System.Buffers.OperationStatus.Done && length == piece.Length;
            if (isWhole) _characters[rune.Value] = id;
        }
        for (int b = 0; b < 256; b++) _bytes[b] = vocabulary.IdOf(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>")) ?? -1;
    }

    public Vocabulary Vocabulary => _vocabulary;

    public static Bpe Read(JsonField field)
    {
        string kind = field.Find("type")?.Text() ?? (field.Find("merges") is null ? "(none)" : "BPE");
        if (kind != "BPE") throw (field.Find("type") ?? field).Fail($"'{kind}' is not supported; supported is BPE");
        if (field.Find("dropout") is { } dropout && !dropout.IsZero) throw dropout.Fail("tokens that depend on chance are not supported");
        foreach (string affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (field.Find(affix) is { } set && set.Text().Length > 0) throw set.Fail("not supported; supported is a model without it");
        var vocabulary = Vocabulary.Read(field.Get("vocab"));
        var merges = MergeTable.Read(field.Get("merges"), vocabulary);
        int? unknown = field.Find("unk_token") is { } token ? vocabulary.IdOf(token.Text()) ?? throw token.Fail($"'{token.Text()}' is not in the vocabulary") : null;
        return new Bpe(vocabulary, merges, new BpeOptions(unknown, Flag("fuse_unk"), Flag("byte_fallback"), Flag("ignore_merges")));

        bool Flag(string name) => field.Find(name)?.Flag() ?? false;
    }

    /// <summary>Tokenizes one word, which is not empty, and appends the tokens.</summary>
    public void Tokenize(ReadOnlySpan<int> word, List<WordToken> tokens)
    {
        if (_cache.Find(word, out uint slot) is { } known)
        {
            tokens.AddRange(known);
            return;
        }
        int before = tokens.Count;
        if (_options.WholeWords && _vocabulary.IdOf(TextOf(word)) is { } whole) tokens.Add(new WordToken(whole, 0, word.Length));
        else MergeWord(word, tokens);
        _cache.Keep(slot, word, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(tokens)[before..]);
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
        Span<byte> utf8 = stackalloc byte[4];
        foreach (int codePoint in word)
        {
            int length = Utf8Length(codePoint);
            if (_characters.TryGetValue(codePoint, out int id))
            {
                FlushUnknown(queue, ref unknownBytes);
                queue.Add(id, length);
                continue;
            }
            if (_options.ByteFallback)
            {
                new Rune(codePoint).EncodeToUtf8(utf8);
                if (HasAll(utf8[..length]))
                {
                    // Unknown characters before these are added after them, as in the original.
                    foreach (byte b in utf8[..length]) queue.Add(_bytes[b], 1);
                    continue;
                }
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

    private bool HasAll(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
            if (_bytes[b] < 0) return false;
        return true;
    }

    // The character that holds a byte; positions only grow.
    private static int CharacterAt(ReadOnlySpan<int> word, int position, ref int at, ref int atByte)
    {
        while (at < word.Length - 1 && atByte + Utf8Length(word[at]) <= position) atByte += Utf8Length(word[at++]);
        return at;
    }

    private static int Utf8Length(int codePoint) => codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;

    private static string TextOf(ReadOnlySpan<int> word)
    {
        var text = new StringBuilder(word.Length);
        foreach (int codePoint in word) text.Append(new Rune(codePoint).ToString());
        return text.ToString();
    }
}
