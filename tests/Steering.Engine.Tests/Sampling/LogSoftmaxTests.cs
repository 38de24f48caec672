using Steering.Engine.Generation;
using Steering.Engine.Sampling;
using Steering.Tests;

namespace Steering.Engine.Tests.Sampling;

public sealed class LogSoftmaxTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(50_000)]
    public void Scores_are_those_of_double_precision(int count)
    {
        var random = new Random(count);
        float[] logits = [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 60 - 30)];
        double max = logits.Max(), expected = max + Math.Log(logits.Sum(logit => Math.Exp(logit - max)));

        Assert.Equal(expected, LogSoftmax.LogSumExp(logits), 1e-13 * Math.Abs(expected) + 1e-15);
        Assert.Equal((float)(logits[count / 2] - expected), LogSoftmax.Score(logits, count / 2), 1e-6);
    }

    [Fact]
    public void The_best_are_in_order_and_ties_go_to_the_smaller_id()
    {
        float[] logits = [1, 3, float.NaN, 3, 5, 2, 5];
        var top = new ScoredToken[8];

        Assert.Equal(4, LogSoftmax.Top(logits, 4, top));
        Assert.Equal([4, 6, 1, 3], top.Take(4).Select(scored => scored.Id));
        Assert.All(top.Take(4), scored => Assert.Equal(LogSoftmax.Score(logits, scored.Id), scored.Logprob));
        Assert.Equal(7, LogSoftmax.Top(logits, 8, top));
        Assert.Equal([4, 6, 1, 3, 5, 0, 2], top.Take(7).Select(scored => scored.Id));
        Assert.Equal(float.NegativeInfinity, top[6].Logprob);
        Assert.Equal(0, LogSoftmax.Top(logits, 0, top));
    }

    [Fact]
    public void The_best_are_those_of_a_sort()
    {
        var random = new Random(4);
        float[] logits = [.. Enumerable.Range(0, 30_000).Select(_ => (float)random.Next(2000))];
        var top = new ScoredToken[20];

        LogSoftmax.Top(logits, 20, top);

        Assert.Equal(Enumerable.Range(0, logits.Length).OrderByDescending(token => logits[token]).ThenBy(token => token).Take(20), top.Select(scored => scored.Id));
    }

    [Fact]
    public void Infinite_logits_are_defined()
    {
        Assert.Equal(0, LogSoftmax.Score([1, float.PositiveInfinity], 1));
        Assert.Equal(float.NegativeInfinity, LogSoftmax.Score([1, float.PositiveInfinity], 0));
        Assert.Equal(float.NegativeInfinity, LogSoftmax.Score([float.NaN, 1], 0));
        Assert.Equal(0, LogSoftmax.Score([float.NaN, 1], 1));
        Assert.Equal(float.NegativeInfinity, LogSoftmax.Score([float.NegativeInfinity], 0));
    }

    [Fact]
    public void Scores_allocate_nothing()
    {
        var logits = new float[1000];
        var top = new ScoredToken[5];
        Score();

        Assert.Equal(0, Allocations.Of(Score));

        void Score()
        {
            LogSoftmax.Top(logits, 5, top);
            LogSoftmax.Score(logits, 3);
        }
    }

    [Fact]
    public void Bits_are_fixed_for_good()
    {
        // The same on every processor: run this suite with DOTNET_EnableAVX2=0 or DOTNET_EnableHWIntrinsic=0 to see it.
        float[] logits = [.. Enumerable.Range(0, 1000).Select(i => i * 37 % 101 * 0.173f - 9)];

        Assert.Equal(4623191706473801833L, BitConverter.DoubleToInt64Bits(LogSoftmax.LogSumExp(logits)));
    }
}
