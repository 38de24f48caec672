using System.Text.Json;
using Steering.Engine.Tokenization;

namespace Steering.Tests.Tokenization;

public class GoldenTokenizerTests
{
    private static readonly EncodeOptions Plain = new() { AddSpecialTokens = false };

    public static IEnumerable<object[]> Names => GoldenTokenizer.Names.Select(n => new object[] { n });

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Texts_become_the_reference_ids_and_offsets(string name)
    {
        var golden = new GoldenTokenizer(name);
        var wrong = new List<string>();

        foreach (var expected in golden.Cases)
        {
            string text = expected.GetProperty("text").GetString()!;
            var actual = golden.Tokenizer.Encode(text, EncodeOptions.Default);
            var plain = golden.Tokenizer.Encode(text, Plain);
            bool right = actual.Ids.SequenceEqual(GoldenTokenizer.Ints(expected.GetProperty("ids")))
                && plain.Ids.SequenceEqual(GoldenTokenizer.Ints(expected.GetProperty("ids_plain")))
                && InCodePoints(text, actual.Offsets).SequenceEqual(Offsets(expected));
            if (!right) wrong.Add($"{expected.GetRawText()}\n  found {string.Join(',', actual.Ids)} {string.Join(' ', InCodePoints(text, actual.Offsets))}");
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong, first:\n{string.Join('\n', wrong.Take(3))}");
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Ids_become_the_reference_text(string name)
    {
        var golden = new GoldenTokenizer(name);
        var wrong = new List<string>();

        foreach (var expected in golden.Cases)
        {
            int[] ids = GoldenTokenizer.Ints(expected.GetProperty("ids"));
            Compare(expected, "decoded", golden.Tokenizer.Decode(ids, skipSpecialTokens: false));
            Compare(expected, "decoded_skip", golden.Tokenizer.Decode(ids, skipSpecialTokens: true));
        }
        foreach (var expected in golden.DecodeCases)
            Compare(expected, "text", golden.Tokenizer.Decode(GoldenTokenizer.Ints(expected.GetProperty("ids")), expected.GetProperty("skip_special_tokens").GetBoolean()));

        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong, first:\n{string.Join('\n', wrong.Take(3))}");

        void Compare(JsonElement expected, string field, string actual)
        {
            if (actual != expected.GetProperty(field).GetString()) wrong.Add($"{field} of {expected.GetRawText()}\n  found {JsonSerializer.Serialize(actual)}");
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Streams_come_in_the_reference_chunks_and_end_with_the_whole_text(string name)
    {
        var golden = new GoldenTokenizer(name);
        var wrong = new List<string>();
        int taken = 0;

        foreach (var expected in golden.DecodeCases.Where(c => c.TryGetProperty("stream", out _)))
        {
            var decoder = golden.Tokenizer.CreateDecoder(expected.GetProperty("skip_special_tokens").GetBoolean());
            int[] ids = GoldenTokenizer.Ints(expected.GetProperty("ids"));
            string[] chunks = [.. ids.Select(decoder.Append)];
            string rest = decoder.Flush();
            string[] expectedChunks = [.. expected.GetProperty("chunks").EnumerateArray().Select(c => c.GetString() ?? "")];
            string whole = expected.GetProperty("text").GetString()!, given = string.Concat(chunks);
            // Where the reference gave up ours goes on; and a character given out stays where the bytes after it would have broken it.
            bool failed = expected.TryGetProperty("error_at", out _), takenBack = !whole.StartsWith(given, StringComparison.Ordinal);
            bool right = chunks.Take(failed ? expectedChunks.Length : int.MaxValue).SequenceEqual(expectedChunks) && (failed || takenBack || given + rest == whole);
            taken += takenBack ? 1 : 0;
            if (!right) wrong.Add($"{expected.GetRawText()}\n  found {JsonSerializer.Serialize(chunks)} + {JsonSerializer.Serialize(rest)}");
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong, first:\n{string.Join('\n', wrong.Take(3))}");
        Assert.True(taken <= 2, $"{taken} streams took back what they had given out");
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Vocabulary_size_and_special_tokens_are_those_of_the_file(string name)
    {
        var golden = new GoldenTokenizer(name);

        var specials = golden.Meta.GetProperty("special").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetInt32());
        foreach (var (content, id) in specials)
        {
            Assert.Equal(id, golden.Tokenizer.IdOf(content));
            Assert.Equal(content, golden.Tokenizer.Piece(id));
            Assert.True(golden.Tokenizer.IsSpecial(id));
        }
        Assert.Equal(specials.Count, Enumerable.Range(0, golden.Tokenizer.VocabularySize).Count(golden.Tokenizer.IsSpecial));
        Assert.Equal(golden.Meta.GetProperty("vocab_size_with_added").GetInt32(), golden.Tokenizer.VocabularySize);
    }

    private static IEnumerable<(int, int)> Offsets(JsonElement expected) =>
        expected.GetProperty("offsets").EnumerateArray().Select(o => (o[0].GetInt32(), o[1].GetInt32()));

    private static IEnumerable<(int, int)> InCodePoints(string text, (int Start, int End)[] offsets)
    {
        int CodePoints(int units) => text.AsSpan(0, units).ToString().EnumerateRunes().Count();
        return offsets.Select(o => (CodePoints(o.Start), CodePoints(o.End)));
    }
}
