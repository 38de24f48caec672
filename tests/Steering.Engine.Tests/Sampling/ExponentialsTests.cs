using Steering.Engine.Sampling;

namespace Steering.Engine.Tests.Sampling;

public sealed class ExponentialsTests
{
    [Fact]
    public void The_largest_logit_is_found_wherever_it_lies_and_first_where_it_lies_twice()
    {
        for (int length = 1; length <= 200; length++)
        {
            var logits = new float[length];
            for (int at = 0; at < length; at++)
            {
                for (int i = 0; i < length; i++) logits[i] = i % 7 == 3 ? float.NaN : -1 - i % 5;
                logits[at] = 2.5f;
                logits[length - 1] = 2.5f;
                Assert.Equal(2.5f, Exponentials.Max(logits));
                Assert.Equal(at, Exponentials.IndexOf(logits, 2.5f));
                Assert.Equal(-1, Exponentials.IndexOf(logits, 3));
            }
        }
    }

    [Fact]
    public void Where_no_logit_is_a_number_there_is_no_largest()
    {
        var logits = Enumerable.Repeat(float.NaN, 100).ToArray();
        Assert.Equal(float.NegativeInfinity, Exponentials.Max(logits));
    }

    [Fact]
    public void Weights_do_not_depend_on_how_many_are_computed_at_once()
    {
        var random = new Random(1);
        var logits = Enumerable.Range(0, Exponentials.BlockSize).Select(_ => (float)(random.NextDouble() * 60 - 50)).ToArray();
        float max = Exponentials.Max(logits);
        Span<double> all = new double[logits.Length], one = new double[1];
        for (int length = 1; length <= logits.Length; length++)
        {
            double sum = Exponentials.Weigh(logits.AsSpan(0, length), max, 1.25, all);
            double plain = 0;
            for (int i = 0; i < length; i++)
            {
                Exponentials.Weigh(logits.AsSpan(i, 1), max, 1.25, one);
                Assert.Equal(one[0], all[i]);
                Assert.Equal(Math.Exp((logits[i] - (double)max) * 1.25), all[i], 4e-16 * all[i]);
                plain += all[i];
            }
            Assert.Equal(plain, sum, 1e-13 * plain);
        }
    }
}
