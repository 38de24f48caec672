using Steering.Engine.Tokenization.Reading;

namespace Steering.Tests.Tokenization.Reading;

public class ScoreTests
{
    [Theory]
    [InlineData("0", 0.0), InlineData("-0.5", -0.5), InlineData("12", 12.0), InlineData("-3.25e2", -325.0), InlineData("1E-2", 0.01), InlineData("1e400", double.PositiveInfinity)]
    [InlineData("1e-400", 0.0), InlineData("100000000000000000000000", 1e23), InlineData("0.00000000000000000000000000001", 1e-29)]
    public void Numbers_are_read(string text, double expected) => Assert.Equal(expected, Score.Parse(text), 1e-15 * Math.Abs(expected));

    // 20122928619384766 is beyond 2^53: it is rounded before it is divided.
    [Fact]
    public void A_number_of_many_digits_is_rounded_twice()
    {
        Assert.Equal((double)20122928619384766UL / 1e16, Score.Parse("2.0122928619384766"));
        Assert.Contains(Enumerable.Range(0, 1000), i => Score.Parse($"2.0122928619384{i:000}") != double.Parse($"2.0122928619384{i:000}", System.Globalization.CultureInfo.InvariantCulture));
    }
}
