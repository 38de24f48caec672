using System.Text;
using Steering.Engine.Tokenization;

namespace Steering.Tests.Tokenization;

public class IncrementalDecoderTests
{
    [Fact]
    public void Half_a_character_is_held_back_until_the_other_half_comes()
    {
        var tokenizer = TinyTokenizer.Create();
        int[] ids = tokenizer.Encode("a😀b", new EncodeOptions { AddSpecialTokens = false }).Ids;
        var decoder = tokenizer.CreateDecoder(skipSpecialTokens: true);

        Assert.Equal(["a", "", "", "", "😀", "b"], ids.Select(decoder.Append));
        Assert.Equal("", decoder.Flush());
    }

    [Fact]
    public void What_never_becomes_a_character_comes_out_at_the_end()
    {
        var tokenizer = TinyTokenizer.Create();
        var decoder = tokenizer.CreateDecoder(skipSpecialTokens: true);

        Assert.Equal("a", decoder.Append('a'));
        Assert.Equal("", decoder.Append(0xE2));
        Assert.Equal("", decoder.Append(0x82));
        Assert.Equal("\uFFFD", decoder.Flush());
    }

    [Fact]
    public void A_decoder_that_was_flushed_starts_anew()
    {
        var tokenizer = TinyTokenizer.Create();
        var decoder = tokenizer.CreateDecoder(skipSpecialTokens: true);

        decoder.Append(0xE2);
        decoder.Flush();

        Assert.Equal("hello", decoder.Append(tokenizer.IdOf("hello")!.Value));
    }

    [Fact]
    public void Special_tokens_give_nothing_where_they_are_skipped()
    {
        var tokenizer = TinyTokenizer.Create();
        int special = tokenizer.IdOf("<|start|>")!.Value;

        Assert.Equal("", tokenizer.CreateDecoder(skipSpecialTokens: true).Append(special));
        Assert.Equal("<|start|>", tokenizer.CreateDecoder(skipSpecialTokens: false).Append(special));
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3)]
    public void Chunks_of_random_tokens_make_the_whole_text_and_no_chunk_ends_within_a_character(int seed)
    {
        var tokenizer = TinyTokenizer.Create();
        var random = new Random(seed);

        for (int round = 0; round < 200; round++)
        {
            // Mostly bytes above 0x7F: whole, broken and half characters in all mixtures.
            int[] ids = [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(4) == 0 ? random.Next(tokenizer.VocabularySize) : random.Next(0x80, 0xF5))];
            var decoder = tokenizer.CreateDecoder(skipSpecialTokens: false);
            string[] chunks = [.. ids.Select(decoder.Append)];

            Assert.DoesNotContain(chunks, c => c.EndsWith('\uFFFD'));
            Assert.Equal(tokenizer.Decode(ids, skipSpecialTokens: false), string.Concat(chunks) + decoder.Flush());
        }
    }

    [Fact]
    public void Endless_broken_bytes_are_given_out_before_the_end_and_cost_the_same_each()
    {
        var tokenizer = TinyTokenizer.Create();
        var decoder = tokenizer.CreateDecoder(skipSpecialTokens: true);
        int[] ids = [.. Enumerable.Repeat(0xBF, 20_000), 0xE2, 0x82, 0xAC];

        var text = new StringBuilder();
        foreach (int id in ids) text.Append(decoder.Append(id));

        Assert.True(text.Length > 19_000);
        Assert.Equal(new string('\uFFFD', 20_000) + "€", text.Append(decoder.Flush()).ToString());
    }
}
