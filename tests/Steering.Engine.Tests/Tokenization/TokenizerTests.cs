using System.Text;
using System.Text.Json.Nodes;
using Steering.Engine.Tokenization;

namespace Steering.Tests.Tokenization;

public class TokenizerTests
{
    private static readonly EncodeOptions Bare = new() { AddSpecialTokens = false };

    private static string[] Pieces(Tokenizer tokenizer, string text, EncodeOptions? options = null) =>
        [.. tokenizer.Encode(text, options ?? Bare).Ids.Select(id => tokenizer.Piece(id)!)];

    [Fact]
    public void Merges_go_by_rank_and_the_post_processor_adds_its_token()
    {
        var tokenizer = TinyTokenizer.Create();

        Assert.Equal(["<|start|>", "hello", "Ġworld"], Pieces(tokenizer, "hello world", EncodeOptions.Default));
        Assert.Equal([(0, 0), (0, 5), (5, 11)], tokenizer.Encode("hello world", EncodeOptions.Default).Offsets);
    }

    [Fact]
    public void Special_tokens_in_the_text_are_found_the_longest_first()
    {
        var tokenizer = TinyTokenizer.Create();

        Assert.Equal(["<|start|>now", "<|start|>", "hello", "<tool>"], Pieces(tokenizer, "<|start|>now<|start|>hello<tool>"));
    }

    [Fact]
    public void Special_tokens_are_plain_text_where_they_are_not_parsed_and_others_are_found()
    {
        var tokenizer = TinyTokenizer.Create();

        var encoding = tokenizer.Encode("<|start|><tool>", Bare with { ParseSpecial = false });

        Assert.DoesNotContain(encoding.Ids, tokenizer.IsSpecial);
        Assert.Contains(tokenizer.IdOf("<tool>")!.Value, encoding.Ids);
        Assert.Equal("<|start|><tool>", tokenizer.Decode(encoding.Ids, skipSpecialTokens: true));
    }

    [Fact]
    public void A_special_token_that_touches_a_plain_range_is_plain_text_there_only()
    {
        var tokenizer = TinyTokenizer.Create();
        const string text = "<|start|>hello<|start|><|start|>";

        var encoding = tokenizer.Encode(text, Bare with { PlainRanges = [(9, 15)] });

        Assert.Equal("<|start|>", tokenizer.Piece(encoding.Ids[0]));
        Assert.Equal("<|start|>", tokenizer.Piece(encoding.Ids[^1]));
        Assert.Equal(2, encoding.Ids.Count(tokenizer.IsSpecial));
    }

    [Fact]
    public void Plain_text_after_a_template_s_token_does_not_make_it_another_token()
    {
        var tokenizer = TinyTokenizer.Create();

        // The template wrote <|start|>, the message begins with "now".
        Assert.Equal(["<|start|>", "n", "o", "w"], Pieces(tokenizer, "<|start|>now", Bare with { PlainRanges = [(9, 12)] }));
    }

    [Fact]
    public void Plain_ranges_and_offsets_count_utf16_units()
    {
        var tokenizer = TinyTokenizer.Create();
        const string text = "😀<|start|>é<|start|>";

        var encoding = tokenizer.Encode(text, Bare with { PlainRanges = [(0, 2), (12, 21)] });

        Assert.Equal([(0, 2), (0, 2), (0, 2), (0, 2), (2, 11), (11, 12), (11, 12), (12, 13)], encoding.Offsets[..8]);
        Assert.Single(encoding.Ids, tokenizer.IsSpecial);
        Assert.Equal((20, 21), encoding.Offsets[^1]);
    }

    [Fact]
    public void Plain_ranges_that_are_not_sorted_are_refused()
    {
        Assert.Throws<ArgumentException>(() => TinyTokenizer.Create().Encode("abc", Bare with { PlainRanges = [(2, 3), (0, 1)] }));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_encoded_as_the_replacement_character()
    {
        var tokenizer = TinyTokenizer.Create();

        var encoding = tokenizer.Encode("a\ud83dz\ude00", Bare);

        Assert.Equal("a\uFFFDz\uFFFD", tokenizer.Decode(encoding.Ids, skipSpecialTokens: false));
        Assert.Equal([(0, 1), (1, 2), (1, 2), (1, 2), (2, 3), (3, 4), (3, 4), (3, 4)], encoding.Offsets);
    }

    [Fact]
    public void An_empty_text_has_only_the_added_tokens()
    {
        Assert.Equal(["<|start|>"], Pieces(TinyTokenizer.Create(), "", EncodeOptions.Default));
        Assert.Empty(TinyTokenizer.Create().Encode("", Bare).Ids);
    }

    [Fact]
    public void Ids_without_a_token_are_left_out()
    {
        var tokenizer = TinyTokenizer.Create();

        Assert.Equal("hello", tokenizer.Decode([-1, tokenizer.IdOf("hello")!.Value, 1_000_000], skipSpecialTokens: false));
        Assert.Null(tokenizer.Piece(1_000_000));
        Assert.Empty(tokenizer.Bytes(-1));
        Assert.False(tokenizer.IsSpecial(-1));
    }

    [Theory]
    [InlineData("Removed", "the|final|countdown")]
    [InlineData("Isolated", "the|-|final|-|-|countdown")]
    [InlineData("MergedWithPrevious", "the-|final-|-|countdown")]
    [InlineData("MergedWithNext", "the|-final|-|-countdown")]
    [InlineData("Contiguous", "the|-|final|--|countdown")]
    public void Delimiters_go_where_the_behaviour_says(string behaviour, string expected)
    {
        string[] words = expected.Split('|');
        // Every word of the expectation is a token of its own, so that words show as tokens.
        var tokenizer = TinyTokenizer.Create(json =>
        {
            json["pre_tokenizer"] = TinyTokenizer.Split("-", behaviour);
            json["added_tokens"] = new JsonArray();
            json["post_processor"] = null;
            json["model"]!["ignore_merges"] = true;
            foreach (string word in words.Distinct().Where(w => w.Length > 1)) json["model"]!["vocab"]![word] = json["model"]!["vocab"]!.AsObject().Count;
        });

        Assert.Equal(words, Pieces(tokenizer, "the-final--countdown"));
    }

    [Fact]
    public void The_most_likely_pieces_are_taken_and_unknown_characters_become_their_bytes()
    {
        var tokenizer = TinyTokenizer.Parse(TinyTokenizer.Unigram());

        Assert.Equal(["▁hello", "▁wor", "ld"], Pieces(tokenizer, "hello world"));
        Assert.Equal(["▁", "A", "<0x66>", "<0x69>"], Pieces(tokenizer, "Ａ\u00AD\uFB01"));
        // Bytes of a run of unknown characters each have all of it.
        Assert.Equal([(0, 1), (0, 1), (2, 3), (2, 3)], tokenizer.Encode("Ａ\u00AD\uFB01", Bare).Offsets);
    }

    [Fact]
    public void Unknown_characters_in_a_row_are_one_token_where_there_are_no_bytes()
    {
        var json = TinyTokenizer.Unigram();
        json["model"]!["byte_fallback"] = false;

        Assert.Equal(["▁", "<unk>", "o", "<unk>"], Pieces(TinyTokenizer.Parse(json), "xyzo😀"));
    }

    [Fact]
    public void The_longest_piece_goes_first_and_a_word_that_cannot_be_cut_is_unknown()
    {
        var tokenizer = TinyTokenizer.Parse(TinyTokenizer.WordPiece());

        Assert.Equal(["hello", "##lo", "wor", "##ld", "!", "[UNK]"], Pieces(tokenizer, "Hellólo  WORLD!hex"));
        Assert.Equal(["[UNK]", "h", "##l", "##l"], Pieces(tokenizer, $"h{new string('l', 100)} hll"));
        Assert.Equal("hello world!", tokenizer.Decode(tokenizer.Encode("Hello world!", Bare).Ids, skipSpecialTokens: true));
    }

    [SkippableTheory]
    [InlineData("storyworld"), InlineData("gpt2"), InlineData("llama3"), InlineData("deepseek3"), InlineData("falcon"), InlineData("o200k")]
    public void Bytes_of_a_text_s_tokens_are_the_text(string name)
    {
        var golden = new GoldenTokenizer(name);

        foreach (var expected in golden.Cases)
        {
            string text = expected.GetProperty("text").GetString()!;
            byte[] bytes = [.. GoldenTokenizer.Ints(expected.GetProperty("ids_plain")).SelectMany(golden.Tokenizer.Bytes)];
            Assert.Equal(text, System.Text.Encoding.UTF8.GetString(bytes));
        }
    }

    [SkippableFact]
    public void Bytes_of_a_byte_token_are_that_byte_and_a_visible_space_is_a_space()
    {
        var tokenizer = new GoldenTokenizer("stories260k").Tokenizer;

        Assert.Equal([0xE2], tokenizer.Bytes(tokenizer.IdOf("<0xE2>")!.Value));
        Assert.Equal(" the"u8.ToArray(), tokenizer.Bytes(tokenizer.IdOf("▁the")!.Value));
    }

    [Fact]
    public async Task Many_threads_use_one_tokenizer()
    {
        var tokenizer = TinyTokenizer.Create();
        string[] texts = [.. Enumerable.Range(0, 64).Select(i => string.Concat(Enumerable.Repeat($"hello world {i} aaaa{new string('a', i)} <tool>é😀 ", 20)))];
        int[][] expected = [.. texts.Select(t => TinyTokenizer.Create().Encode(t, EncodeOptions.Default).Ids)];

        await Parallel.ForAsync(0, 512, (i, _) =>
        {
            Assert.Equal(expected[i % 64], tokenizer.Encode(texts[i % 64], EncodeOptions.Default).Ids);
            return ValueTask.CompletedTask;
        });
    }
}
