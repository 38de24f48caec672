using System.Collections.Immutable;
using System.Text;
using SteeringServer.Features.Generation;

namespace SteeringServer.Tests.Features.Generation;

public sealed class StopStringScannerTests
{
    [Theory]
    [InlineData("Hello. World", "Hello", ".")]
    [InlineData("no stop here", "no stop here", ".")]
    [InlineData("aaab", "aa", "ab")]
    [InlineData("abcd", "ab", "bcd", "c")] // complete first
    [InlineData("xabc", "x", "bc", "abc")] // of two that end together the longer one
    [InlineData("ends with a beginning STO", "ends with a beginning STO", "STOP")]
    [InlineData("STOP", "", "STOP")]
    [InlineData("one\n\ntwo", "one", "\n\n")]
    [InlineData("😀😁", "😀", "😁")]
    public void Text_ends_before_the_stop_string_however_it_is_cut(string text, string expected, params string[] stops)
    {
        foreach (int size in new[] { 1, 2, 3, 5, 100 })
        {
            var scanner = new StopStringScanner([.. stops]);
            var shown = new StringBuilder();
            foreach (var piece in text.Chunk(size))
            {
                string more = scanner.Append(new string(piece));
                Assert.True(shown.Append(more).Length <= expected.Length, $"{shown} shows part of a stop string");
            }
            shown.Append(scanner.Flush());

            Assert.Equal(expected, shown.ToString());
            Assert.Equal(expected != text, scanner.IsStopped);
        }
    }

    [Fact]
    public void Only_the_possible_beginning_of_a_stop_string_is_held_back()
    {
        var scanner = new StopStringScanner(["END", "\nUser:"]);

        Assert.Equal("The ", scanner.Append("The E"));
        Assert.Equal("Eel\n".TrimEnd('\n'), scanner.Append("el\n"));
        Assert.Equal("\nU ", scanner.Append("U "));
    }

    [Fact]
    public void Random_texts_give_the_same_result_for_every_cut()
    {
        var random = new Random(7);
        for (int round = 0; round < 500; round++)
        {
            string text = Letters(random, 30);
            ImmutableArray<string> stops = [.. Enumerable.Range(0, 3).Select(_ => Letters(random, random.Next(1, 5)))];
            string whole = Feed(stops, [text]);

            var pieces = new List<string>();
            for (int at = 0; at < text.Length;)
            {
                int length = Math.Min(random.Next(1, 6), text.Length - at);
                pieces.Add(text.Substring(at, length));
                at += length;
            }
            Assert.Equal(whole, Feed(stops, pieces));
        }
    }

    private static string Feed(ImmutableArray<string> stops, IEnumerable<string> pieces)
    {
        var scanner = new StopStringScanner(stops);
        return string.Concat(pieces.Select(scanner.Append)) + scanner.Flush();
    }

    private static string Letters(Random random, int length) => new([.. Enumerable.Range(0, length).Select(_ => (char)('a' + random.Next(3)))]);
}
