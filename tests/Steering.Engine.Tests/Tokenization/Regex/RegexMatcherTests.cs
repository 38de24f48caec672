using Steering.Engine.Tokenization.Regex;

namespace Steering.Tests.Tokenization.Regex;

public class RegexMatcherTests
{
    // Matches as text, "·" between them.
    private static string Matches(string pattern, string text)
    {
        var found = new List<string>();
        int[] codePoints = [.. text.EnumerateRunes().Select(r => r.Value)];
        CompiledRegex.Parse(pattern).FindAll(codePoints, (start, end) => found.Add(string.Concat(codePoints[start..end].Select(char.ConvertFromUtf32))));
        return string.Join('·', found);
    }

    [Theory]
    [InlineData("a|ab", "abab", "a·a")]
    [InlineData("ab|a", "aab", "a·ab")]
    [InlineData("a+?", "aaa", "a·a·a")]
    [InlineData("a+?b", "aab", "aab")]
    [InlineData("a{2}", "aaaaa", "aa·aa")]
    [InlineData("a{2,}", "aaaaa", "aaaaa")]
    [InlineData("a{,2}b", "aaab", "aab")]
    [InlineData("a{2,3}?", "aaaaa", "aa·aa")]
    [InlineData("a{", "a{", "a{")]
    [InlineData("a{x}", "a{x}", "a{x}")]
    [InlineData("(?:ab)+", "ababa", "abab")]
    [InlineData("(?<name>ab)c(?#note)d", "abcd", "abcd")]
    [InlineData("x*", "axb", "·x·")]
    [InlineData("[^a-c]", "abcd", "d")]
    [InlineData(@"[\d\-x]+", "1-x2y", "1-x2")]
    [InlineData("[a-c&&[^b]]+", "abca", "a·ca")]
    [InlineData("[a[bc]-]+", "ab-c", "ab-c")]
    [InlineData(@"\p{Lu}\p{^Lu}\P{L}", "Ab1", "Ab1")]
    [InlineData(@"\p{Han}+", "ab漢字かな", "漢字")]
    [InlineData(@"\p{Uppercase_Letter}", "aB", "B")]
    [InlineData(@"\x41\x{1F600}\u0042", "A😀B", "A😀B")]
    [InlineData(".", "a\nb", "a·b")]
    [InlineData("(?m:.)", "a\nb", "a·\n·b")]
    [InlineData(@"\bab\b", "ab cab ab", "ab·ab")]
    [InlineData(@"\Aa|a\z|^b", "aab\nba", "a·b·a")]
    public void Syntax_means_what_it_does_in_Oniguruma(string pattern, string text, string expected) => Assert.Equal(expected, Matches(pattern, text));

    [Theory]
    [InlineData(@"\s+$", "a \nb  ", " ·  ", "$ holds before every newline")]
    [InlineData("a{1,2}+b", "aaaab", "aaaab", "{n,m}+ repeats the repetition")]
    [InlineData("a++a|b", "aaab", "b", "++ gives nothing back")]
    [InlineData("a?+ab", "ab", "", "?+ gives nothing back")]
    [InlineData("a*+b", "aab", "aab", "*+ takes all")]
    [InlineData("(?>a|ab)c", "abc ac", "ac", "an atomic group keeps its first match")]
    [InlineData("(?:ab?)++b", "ab", "", "a possessive group likewise")]
    [InlineData("a{2}?", "aaa", "aa·", "{n}? is n times or not at all")]
    [InlineData("(?i:'s|k)", "'S 'ſ K K", "'S·'ſ·K·K", "long s and Kelvin are cases of s and k")]
    [InlineData("(?i)a|b", "AB", "A·B", "(?i) holds to the end of its group, alternatives included")]
    [InlineData("((?i)a)b", "AbAB", "Ab", "and not beyond")]
    [InlineData(@"[\U0001D400-\U0001D7FF]", "a", "", "an unknown escape is its letter")]
    [InlineData("[😀-😂]+", "😀😁🚀", "😀😁", "classes hold characters beyond U+FFFF")]
    [InlineData(@"\s+(?!\S)", "a   b ", "  · ", "lookahead")]
    [InlineData("(?=ab)a", "acab", "a", "lookahead")]
    public void What_sets_Oniguruma_apart_is_kept(string pattern, string text, string expected, string why)
    {
        Assert.True(expected == Matches(pattern, text), $"{why}: {Matches(pattern, text)}");
    }

    [Theory]
    [InlineData("(", "without its ')'")]
    [InlineData(")", "without its '('")]
    [InlineData("[a", "without its ']'")]
    [InlineData("[]", "empty class")]
    [InlineData("[b-a]", "swapped")]
    [InlineData("a{3,2}", "swapped")]
    [InlineData("*a", "nothing before")]
    [InlineData(@"a\", "backslash")]
    [InlineData(@"\p{Klingon}", "Klingon")]
    [InlineData(@"\p{L", "more was expected")]
    [InlineData(@"\pL", "without braces")]
    [InlineData(@"(a)\1", "not supported")]
    [InlineData("(?<=a)b", "lookbehind")]
    [InlineData("(?<!a)b", "lookbehind")]
    [InlineData("(?x:a)", "unknown kind")]
    [InlineData("(?", "unknown kind")]
    [InlineData("(?<", "name")]
    [InlineData("[[:alpha:]]", "POSIX")]
    [InlineData("(a*)*", "can be empty")]
    [InlineData("a{100000}", "more than")]
    [InlineData("(((a{1000}){1000}){1000}){1000}", "steps")]
    [InlineData(@"\x{110000}", "no character")]
    [InlineData(@"\uD800", "no character")]
    [InlineData(@"\xZZ", "hexadecimal")]
    public void What_is_wrong_or_not_supported_is_refused_by_name(string pattern, string message)
    {
        Assert.Contains(message, Assert.Throws<FormatException>(() => CompiledRegex.Parse(pattern)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        Assert.Throws<FormatException>(() => CompiledRegex.Parse(new string('(', 100_000)));
        Assert.Throws<FormatException>(() => CompiledRegex.Parse(new string('[', 100_000)));
        Assert.Throws<FormatException>(() => CompiledRegex.Parse(string.Concat(Enumerable.Repeat("a+", 1)) + new string('+', 100_000)));
        Assert.Throws<FormatException>(() => CompiledRegex.Parse(string.Concat(Enumerable.Repeat("(?i)", 100_000))));
    }

    [Theory]
    [InlineData(1, 32), InlineData(2, 32), InlineData(3, 0), InlineData(4, 0), InlineData(5, 1)]
    public void Random_patterns_match_as_by_plain_backtracking_with_and_without_a_memory(int seed, int stepsPerCharacter)
    {
        var random = new Random(seed);
        int compared = 0;
        while (compared < 1500)
        {
            string pattern = RandomPattern(random, 3);
            RegexNode node;
            try
            {
                node = RegexParser.Parse(pattern);
            }
            catch (FormatException)
            {
                // Repeats something that can be empty.
                continue;
            }
            string text = new([.. Enumerable.Range(0, random.Next(25)).Select(_ => "aab c\n"[random.Next(6)])]);
            var slow = new PlainBacktracking(text);
            if (slow.FindAll(node) is not { } expected) continue;
            var actual = FindAll(new RegexMatcher(RegexCompiler.Compile(node), stepsPerCharacter), text);
            Assert.True(expected.SequenceEqual(actual), $"{pattern} on \"{text}\": {string.Join(' ', expected)} but {string.Join(' ', actual)}");
            compared++;
        }
    }

    private static List<(int, int)> FindAll(RegexMatcher matcher, string text)
    {
        var found = new List<(int, int)>();
        matcher.Load([.. text.Select(c => (int)c)]);
        int from = 0;
        while (from <= text.Length && matcher.Find(from, out int start, out int end))
        {
            found.Add((start, end));
            from = start == end ? end + 1 : end;
        }
        return found;
    }

    private static string RandomPattern(Random random, int depth)
    {
        string Inner() => RandomPattern(random, depth - 1);
        return random.Next(depth > 0 ? 14 : 6) switch
        {
            0 => "a",
            1 => "b",
            2 => @"\s",
            3 => "[^a]",
            4 => "$",
            5 => @"\b",
            6 => $"{Inner()}{Inner()}",
            7 => $"(?:{Inner()}|{Inner()})",
            8 => $"(?:{Inner()}){"*+?"[random.Next(3)]}",
            9 => $"(?:{Inner()}){"*+?"[random.Next(3)]}{"?+"[random.Next(2)]}",
            10 => $"(?:{Inner()}){{{random.Next(3)},{random.Next(3, 5)}}}",
            11 => $"(?>{Inner()})",
            12 => $"(?{"=!"[random.Next(2)]}{Inner()})",
            _ => $"{Inner()}{Inner()}{Inner()}",
        };
    }
}
