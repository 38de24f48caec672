using Steering.Engine.Sampling;

namespace Steering.Engine.Tests.Sampling;

public sealed class CounterRandomTests
{
    [Fact]
    public void Numbers_are_fixed_for_good()
    {
        // Philox4x32-10 at counter 0, key 0 begins 6627e8d5 e169c58d (Random123, kat_vectors).
        Assert.Equal(((0x6627e8d5u >> 5) * 67108864.0 + (0xe169c58du >> 6)) / 9007199254740992.0, CounterRandom.Uniform(0, 0, 0));
    }

    [Fact]
    public void Numbers_are_uniform_over_positions_choices_and_seeds()
    {
        var cells = new int[3, 64];
        for (int i = 0; i < 64_000; i++)
        {
            cells[0, (int)(CounterRandom.Uniform(9, 0, i) * 64)]++;
            cells[1, (int)(CounterRandom.Uniform(9, i, 5) * 64)]++;
            cells[2, (int)(CounterRandom.Uniform((ulong)i << 32, 0, 5) * 64)]++;
        }

        for (int kind = 0; kind < 3; kind++)
        {
            double chiSquare = 0;
            for (int cell = 0; cell < 64; cell++) chiSquare += Math.Pow(cells[kind, cell] - 1000, 2) / 1000;
            Assert.InRange(chiSquare, 63 - 4 * Math.Sqrt(126), 63 + 4 * Math.Sqrt(126));
        }
    }

    [Fact]
    public void Every_input_matters()
    {
        Assert.Equal(5, new[] { CounterRandom.Uniform(1, 2, 3), CounterRandom.Uniform(2, 1, 3), CounterRandom.Uniform(1, 3, 2), CounterRandom.Uniform(1UL << 32, 2, 3), CounterRandom.Uniform(1, 2, -3) }.Distinct().Count());
    }
}
