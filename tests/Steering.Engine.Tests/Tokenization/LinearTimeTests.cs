using System.Diagnostics;
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
        ("beginnings of special tokens", string.Concat(Enumerable.Repeat("<|", Size / 2))),
    ];

    [SkippableTheory]
    [InlineData("gpt2"), InlineData("qwen2"), InlineData("deepseek"), InlineData("falcon")]
    [InlineData("cl100k"), InlineData("o200k"), InlineData("roberta"), InlineData("phi-3")]
    public void A_megabyte_of_anything_takes_seconds(string name)
    {
        var tokenizer = new GoldenTokenizer(name).Tokenizer;

        foreach (var (what, text) in Texts) Measure(tokenizer, what, text);
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

    private static void Measure(Tokenizer tokenizer, string what, string text)
    {
        var watch = Stopwatch.StartNew();
        tokenizer.Encode(text, EncodeOptions.Default);
        Assert.True(watch.Elapsed < Limit, $"{what}: {watch.Elapsed.TotalSeconds:F1} s for {text.Length} characters");
    }
}
