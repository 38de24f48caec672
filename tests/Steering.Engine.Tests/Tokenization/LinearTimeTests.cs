using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Steering.Engine.Tokenization;

namespace Steering.Tests.Tokenization;

public class LinearTimeTests
{
    private const int Size = 1_000_000;

    // What takes tens of milliseconds to a second when it is linear, on a busy machine too, and hours when it is not.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private static readonly (string Name, string Text)[] Texts =
    [
        ("spaces", new string(' ', Size)),
        ("spaces before a letter", new string(' ', Size) + "x"),
        ("newlines", new string('\n', Size)),
        ("newlines and spaces", string.Concat(Enumerable.Repeat("\n ", Size / 2))),
        ("one letter", new string('a', Size)),
        ("digits", new string('7', Size)),
        ("punctuation", new string('!', Size)),
        ("apostrophes", string.Concat(Enumerable.Repeat("'s", Size / 2))),
        ("emoji", string.Concat(Enumerable.Repeat("😀", Size / 4))),
        ("marks", "a" + new string('\u0301', Size / 2)),
        ("marks of falling classes", "a" + string.Concat(Enumerable.Repeat("\u0345\u0301\u0327", Size / 6))),
        ("letters with marks", string.Concat(Enumerable.Repeat("e\u0301", Size / 3))),
        ("one long word", LongWord(Size)),
        ("ideographs", string.Concat(Enumerable.Repeat("日本語", Size / 9))),
        ("unknown characters", string.Concat(Enumerable.Repeat("\U00012000", Size / 4))),
        ("visible spaces", new string('▁', Size / 3)),
        ("white space of all kinds", string.Concat(Enumerable.Repeat(" \t\u00A0\u2003\u3000\r\n", Size / 12))),
        ("beginnings of special tokens", string.Concat(Enumerable.Repeat("<|", Size / 2))),
    ];

    public static IEnumerable<object[]> Names => GoldenTokenizer.Names.Select(n => new object[] { n });

    [SkippableTheory]
    [InlineData("gpt2"), InlineData("qwen2"), InlineData("deepseek"), InlineData("falcon")]
    [InlineData("cl100k"), InlineData("o200k"), InlineData("roberta"), InlineData("phi-3"), InlineData("gemma"), InlineData("metaspace-first")]
    [InlineData("t5-small"), InlineData("albert"), InlineData("unigram"), InlineData("bert")]
    public void A_megabyte_of_anything_takes_seconds(string name)
    {
        var tokenizer = new GoldenTokenizer(name).Tokenizer;

        foreach (var (what, text) in Texts) Measure(tokenizer, what, text);
    }

    // Without a pre-tokenizer the whole text is one word.
    [Theory]
    [InlineData("BPE"), InlineData("Unigram"), InlineData("WordPiece")]
    public void A_megabyte_in_one_word_takes_seconds(string kind)
    {
        var json = TinyTokenizer.Json(kind);
        json["pre_tokenizer"] = null;
        if (kind == "WordPiece") json["model"]!["max_input_chars_per_word"] = int.MaxValue;
        var tokenizer = TinyTokenizer.Parse(json);

        foreach (var (what, text) in Texts) Measure(tokenizer, what, text);
    }

    // At each place the walk goes on to the end of the longest piece, which no path then takes.
    [Fact]
    public void Pieces_that_are_all_beginnings_of_each_other_take_seconds()
    {
        var json = TinyTokenizer.Unigram();
        for (int length = 1; length <= 256; length++) json["model"]!["vocab"]!.AsArray().Add(new JsonArray(new string('a', length), -10.0 * length));
        json["added_tokens"] = new JsonArray();
        json["post_processor"] = null;

        Measure(TinyTokenizer.Parse(json), "one letter", new string('a', Size / 4));
    }

    // Several times slower than on a quiet machine; benchmarks measure how fast it is. Every try is with a tokenizer that has seen nothing, the best of them counts.
    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Text_not_seen_before_is_encoded_at_a_megabyte_a_second(string name)
    {
        string[] texts = [.. new GoldenTokenizer("storyworld").Cases.Select(c => c.GetProperty("text").GetString()!)];
        var random = new Random(4);
        var text = new StringBuilder();
        while (text.Length < Size / 2) text.Append(texts[random.Next(texts.Length)]).Append(random.Next(1000)).Append(' ').Append(LongWord(8, random)).Append('\n');

        var best = TimeSpan.MaxValue;
        for (int i = 0; i < 5 && best > TimeSpan.FromSeconds(0.5); i++)
        {
            var tokenizer = new GoldenTokenizer(name).Tokenizer;
            var watch = Stopwatch.StartNew();
            tokenizer.Encode(text.ToString(), EncodeOptions.Default);
            if (watch.Elapsed < best) best = watch.Elapsed;
        }

        Assert.True(best <= TimeSpan.FromSeconds(0.5), $"{best.TotalSeconds:F2} s for {text.Length} characters");
    }

    // Each of these takes quadratic or exponential time in an engine that backtracks without remembering.
    [Theory]
    [InlineData(@"\s+$"), InlineData(@"\s*[\r\n]+|\s"), InlineData(@"(?>a+)b"), InlineData("a+b|a"), InlineData("(a|aa)+b|a"), InlineData("(a*a*)(a*a*)b")]
    [InlineData(@"(?=\s+x)\s|a(?=a*b)"), InlineData(@"(?:a+)+?b"), InlineData(@"(?:\s|\s\s|\s{1,3}){1,20}x"), InlineData(@"(?!a+b)a")]
    public void Patterns_that_ruin_backtracking_engines_take_seconds(string pattern)
    {
        var tokenizer = TinyTokenizer.Create(json => json["pre_tokenizer"] = TinyTokenizer.Split(pattern));

        foreach (var (what, text) in Texts.Where(t => t.Name.Contains("space") || t.Name == "one letter")) Measure(tokenizer, what, text[..(text.Length / 4)]);
    }

    private static string LongWord(int length, Random? random = null)
    {
        random ??= new Random(6);
        return string.Create(length, random, (letters, source) =>
        {
            foreach (ref char letter in letters) letter = (char)source.Next('a', 'z' + 1);
        });
    }

    private static void Measure(Tokenizer tokenizer, string what, string text)
    {
        var watch = Stopwatch.StartNew();
        tokenizer.Encode(text, EncodeOptions.Default);
        Assert.True(watch.Elapsed < Limit, $"{what}: {watch.Elapsed.TotalSeconds:F1} s for {text.Length} characters");
    }
}
