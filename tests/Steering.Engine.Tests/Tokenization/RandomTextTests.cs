using System.Text;
using Steering.Engine.Tokenization;

namespace Steering.Tests.Tokenization;

public class RandomTextTests
{
    private const int Texts = 1500;

    private static readonly EncodeOptions Bare = new() { AddSpecialTokens = false };

    public static IEnumerable<object[]> Names => GoldenTokenizer.Names.Select(n => new object[] { n });

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Random_texts_come_back_where_the_tokenizer_is_lossless_and_are_tokens_in_order_in_all(string name)
    {
        var golden = new GoldenTokenizer(name);
        var tokenizer = golden.Tokenizer;
        bool isLossless = golden.Meta.GetProperty("lossless").GetBoolean();
        var texts = new RandomText(20_250, [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsSpecial).Select(id => tokenizer.Piece(id)!)]);

        for (int i = 0; i < Texts; i++)
        {
            string text = texts.Next();
            var encoding = tokenizer.Encode(text, Bare);
            string decoded = tokenizer.Decode(encoding.Ids, skipSpecialTokens: false);

            Assert.All(encoding.Ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
            AssertInside(encoding.Offsets, text, areInOrder: name != "roberta");
            if (isLossless) Assert.Equal(WithoutHalves(text), decoded);
            Assert.Equal(decoded, Streamed(tokenizer, encoding.Ids));
            Assert.Equal(encoding.Ids, tokenizer.Encode(text, Bare).Ids);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Random_tokens_decode_and_stream_without_error(string name)
    {
        var tokenizer = new GoldenTokenizer(name).Tokenizer;
        var random = new Random(8);

        for (int i = 0; i < Texts; i++)
        {
            int[] ids = [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.Next(-1, tokenizer.VocabularySize + 1))];
            tokenizer.Decode(ids, skipSpecialTokens: true);
            Streamed(tokenizer, ids);
        }
    }

    // Offsets that are trimmed by the characters of the token, not of the text, need not be in order (TrimPostProcessor).
    private static void AssertInside((int Start, int End)[] offsets, string text, bool areInOrder)
    {
        int last = 0;
        foreach (var (start, end) in offsets)
        {
            Assert.InRange(start, areInOrder ? last : 0, text.Length);
            Assert.InRange(end, start, text.Length);
            last = start;
        }
    }

    private static string Streamed(Tokenizer tokenizer, int[] ids)
    {
        var decoder = tokenizer.CreateDecoder(skipSpecialTokens: false);
        var text = new StringBuilder();
        foreach (int id in ids) text.Append(decoder.Append(id));
        return text.Append(decoder.Flush()).ToString();
    }

    // Half a surrogate pair is encoded as U+FFFD.
    private static string WithoutHalves(string text)
    {
        var whole = new StringBuilder();
        foreach (var rune in text.EnumerateRunes()) whole.Append(rune.ToString());
        return whole.ToString();
    }
}
