using Steering.Compute;
using Steering.Compute.Cpu;
using Steering.Compute.Quantised;

namespace Steering.Tests;

/// <summary>Products with block-quantised weights against sums in double precision of the same weights.</summary>
public sealed class QuantisedTests
{
    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (string kernels in Kernels.Available())
            foreach (var format in BlockFormat.All) cases.Add(kernels, format.Name);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_exact_product_is_that_of_the_weights_to_f32_accuracy(string name, string format)
    {
        using var kernels = CpuBackend.Create(2, name);
        using var arena = new Arena();
        using var source = new Blocks(Format(format), 75, 512, seed: 1);
        using var weights = kernels.CreateWeights([source.Source]);
        foreach (int rows in (int[])[1, 2, 3, 9])
        {
            TensorView x = Kernels.Random(arena, rows, 512, rows), y = arena.Matrix(rows, 75);
            kernels.Linear(y, x, weights, default);
            for (int i = 0; i < rows; i++) AssertClose(x.Row(i), source, y.Row(i), 3e-7);
        }
        AssertRows(kernels, weights, [.. Enumerable.Range(0, 75).Select(o => source.Row(o).ToArray())]);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_fast_product_is_that_of_rows_rounded_to_8_bits(string name, string format)
    {
        using var kernels = CpuBackend.Create(2, name, Numerics.Fast);
        using var arena = new Arena();
        using var source = new Blocks(Format(format), 75, 512, seed: 1);
        using var weights = kernels.CreateWeights([source.Source]);
        foreach (int rows in (int[])[1, 8, 15])
        {
            TensorView x = Kernels.Random(arena, rows, 512, rows), y = arena.Matrix(rows, 75);
            kernels.Linear(y, x, weights, default);
            for (int i = 0; i < rows; i++) AssertClose(Rounded(x.Row(i), Format(format).GroupLength), source, y.Row(i), 1e-6);
        }
    }

    [Theory]
    [InlineData(Numerics.Exact)]
    [InlineData(Numerics.Fast)]
    public void All_kernels_give_the_same_bits_whatever_the_number_of_rows(Numerics numerics)
    {
        foreach (var format in BlockFormat.All)
        {
            using var arena = new Arena();
            using var source = new Blocks(format, 235, 512, seed: 1);
            TensorView x = Kernels.Random(arena, 17, 512, 1), bias = Kernels.Random(arena, 1, 256, 2).Slice(0, 235);
            float[]? first = null;
            foreach (string name in Kernels.Available())
            {
                using var kernels = CpuBackend.Create(2, name, numerics);
                using var weights = kernels.CreateWeights([source.Source]);
                TensorView y = arena.Matrix(17, 235), row = arena.Matrix(1, 235);
                kernels.Linear(y, x, weights, bias);
                float[] all = [.. Enumerable.Range(0, 17).SelectMany(i => y.Row(i).ToArray())];
                Assert.Equal(first ??= all, all);

                var alone = arena.Matrix(1, 512);
                x.Row(5).CopyTo(alone.Row(0));
                kernels.Linear(row, alone, weights, bias);
                Assert.Equal(y.Row(5).ToArray(), row.Row(0).ToArray());
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_row_with_a_value_that_is_not_finite_gives_no_numbers(float value)
    {
        using var kernels = CpuBackend.Create(1);
        using var arena = new Arena();
        using var source = new Blocks(Format("Q8_0"), 32, 64, seed: 1);
        using var weights = kernels.CreateWeights([source.Source]);
        TensorView x = Kernels.Random(arena, 2, 64, 1), y = arena.Matrix(2, 32);
        x.Row(0)[40] = value;
        x.Row(1).Clear();
        kernels.Linear(y, x, weights, default);

        Assert.All(y.Row(0).ToArray(), output => Assert.False(float.IsFinite(output)));
        Assert.All(y.Row(1).ToArray(), output => Assert.Equal(0, output));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(77)] // the last group is padded
    public void Weights_are_quantised_on_load_as_ggml_does(int columns)
    {
        using var kernels = CpuBackend.Create(2, null, Numerics.Exact, WeightStorage.Q8);
        using var arena = new Arena();
        using var source = new Blocks(null, 40, columns, seed: 1);
        using var weights = kernels.CreateWeights([source.Source]);
        var expected = new float[40][];
        for (int o = 0; o < 40; o++)
        {
            expected[o] = new float[columns];
            for (int k = 0; k < columns; k += 32)
            {
                var group = source.Row(o).Slice(k, Math.Min(32, columns - k));
                float d = group.ToArray().Max(MathF.Abs) / 127;
                for (int i = 0; i < group.Length; i++) expected[o][k + i] = MathF.Round(group[i] * (1 / d), MidpointRounding.AwayFromZero) * (float)(Half)d;
            }
        }
        AssertRows(kernels, weights, expected);

        TensorView x = Kernels.Random(arena, 3, columns, 1), y = arena.Matrix(3, 40);
        kernels.Linear(y, x, weights, default);
        for (int i = 0; i < 3; i++)
            for (int o = 0; o < 40; o++) Assert.Equal(Dot(x.Row(i), expected[o], out double size), y.Row(i)[o], 3e-7 * size);
    }

    [Theory]
    [InlineData("Q4_1", "Q4_0", DType.Int8)] // one is counted from -8
    [InlineData("Q4_K", "Q6_K", DType.Int8)] // groups of 32 with offsets and groups of 16 without
    [InlineData("Q8_0", "IQ4_XS", DType.Int8)]
    [InlineData("Q5_1", "", DType.F32)] // one of them is not quantised
    public void Sources_of_several_formats_are_stacked_with_their_values(string first, string second, DType type)
    {
        using var kernels = CpuBackend.Create(2);
        using var a = new Blocks(Format(first), 40, 256, seed: 1);
        using var b = new Blocks(second.Length > 0 ? Format(second) : null, 30, 256, seed: 2);
        int[] order = [.. Enumerable.Range(0, 30).Reverse()];
        using var weights = kernels.CreateWeights([a.Source, b.Source with { Order = order }]);

        Assert.Equal((type, 70, 256), (weights.Type, weights.Outputs, weights.Inputs));
        AssertRows(kernels, weights, [.. Enumerable.Range(0, 40).Select(o => a.Row(o).ToArray()), .. Enumerable.Range(0, 30).Select(o => b.Row(29 - o).ToArray())]);
    }

    [Theory]
    [InlineData("Q8_0", 1)]
    [InlineData("Q4_0", 1)]
    [InlineData("Q4_1", 1)]
    [InlineData("Q4_K", 1.34)] // scales are kept as f32 rather than in 6 bits
    [InlineData("Q6_K", 1.53)]
    public void Weights_take_as_much_memory_as_in_the_file(string format, double ratio)
    {
        using var kernels = CpuBackend.Create(1);
        using var source = new Blocks(Format(format), 64, 512, seed: 1);
        using var weights = kernels.CreateWeights([source.Source]);

        Assert.InRange(weights.Bytes, source.Source.Bytes, ratio * source.Source.Bytes);
    }

    [Theory]
    [InlineData(35, 32)]
    [InlineData(34, 64)]
    public void Bytes_that_are_not_whole_blocks_are_not_widened(int bytes, int values) =>
        Assert.Throws<ArgumentException>(() => Format("Q8_0").Widen(new byte[bytes], new float[values]));

    private static BlockFormat Format(string name) => BlockFormat.All.Single(format => format.Name == name);

    private static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, out double size)
    {
        double sum = 0;
        size = 0;
        for (int k = 0; k < x.Length; k++)
        {
            sum += (double)x[k] * weights[k];
            size += Math.Abs((double)x[k] * weights[k]);
        }
        return sum;
    }

    /// <summary>Within a share of the sum of magnitudes.</summary>
    private static void AssertClose(ReadOnlySpan<float> x, Blocks weights, ReadOnlySpan<float> outputs, double tolerance)
    {
        for (int o = 0; o < outputs.Length; o++) Assert.Equal(Dot(x, weights.Row(o), out double size), outputs[o], tolerance * size);
    }

    private static float[] Rounded(ReadOnlySpan<float> x, int groupLength)
    {
        float[] rounded = x.ToArray();
        for (int k = 0; k < rounded.Length; k += groupLength)
        {
            var group = rounded.AsSpan(k, groupLength);
            float most = group.ToArray().Max(MathF.Abs);
            foreach (ref float value in group) value = MathF.Round(value * (127 / most)) * (most / 127);
        }
        return rounded;
    }

    private static void AssertRows(IKernels kernels, WeightMatrix weights, float[][] expected)
    {
        using var arena = new Arena();
        using var ids = new NativeList<int>();
        for (int i = 0; i < weights.Outputs; i++) ids.Add(i);
        var rows = arena.Matrix(weights.Outputs, weights.Inputs);
        kernels.Embed(rows, ids, weights);
        for (int i = 0; i < weights.Outputs; i++) Assert.Equal(expected[i], rows.Row(i).ToArray());
    }
}
