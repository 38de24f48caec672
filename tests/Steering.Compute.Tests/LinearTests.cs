using Steering.Compute;
using Steering.Compute.Cpu;

namespace Steering.Tests;

public sealed class LinearTests
{
    public static TheoryData<string, DType> Cases()
    {
        var cases = new TheoryData<string, DType>();
        foreach (string name in Kernels.Available())
            foreach (var type in (DType[])[DType.F32, DType.Bf16, DType.F16]) cases.Add(name, type);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_output_is_one_chain_of_fused_multiply_adds_bit_for_bit(string name, DType type)
    {
        using var kernels = CpuBackend.Create(2, name);
        foreach (var (rows, inputs, outputs) in new[] { (1, 48, 211), (1, 40, 645), (1, 33, 32), (2, 80, 48), (3, 7, 5), (9, 64, 96), (17, 130, 157) })
        {
            using var arena = new Arena();
            var x = Kernels.Random(arena, rows, inputs, 1);
            var bias = Kernels.Random(arena, 1, (outputs + 31) / 32 * 32, 2).Slice(0, outputs);
            var y = arena.Matrix(rows, outputs);
            var (weights, values) = Kernels.RandomWeights(kernels, type, outputs, inputs, 3);
            using (weights)
            {
                kernels.Linear(y, x, weights, bias);

                for (int i = 0; i < rows; i++)
                {
                    for (int o = 0; o < outputs; o++)
                    {
                        float sum = 0;
                        for (int k = 0; k < inputs; k++) sum = MathF.FusedMultiplyAdd(x.Row(i)[k], values[o * inputs + k], sum);
                        Assert.Equal(sum + bias.Row(0)[o], y.Row(i)[o]);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_fast_product_rounds_rows_of_bf16_weights_once_and_no_others(string name, DType type)
    {
        using var kernels = CpuBackend.Create(2, name, Numerics.Fast);
        bool rounds = kernels.ProductOf(type) is "avx512-bf16" or "amx-bf16";
        using var arena = new Arena();
        // Every number of rows of a tile, and several tiles; 70 outputs end within a panel.
        TensorView x = Kernels.Random(arena, 31, 131, 1), all = arena.Matrix(31, 70);
        var (weights, values) = Kernels.RandomWeights(kernels, type, 70, 131, 3);
        using (weights)
        {
            kernels.Linear(all, x, weights, default);
            for (int i = 0; i < 31; i++)
            {
                for (int o = 0; o < 70; o++)
                {
                    double sum = 0, size = 0;
                    for (int k = 0; k < 131; k++)
                    {
                        double product = (rounds ? (double)ToBf16(x.Row(i)[k]) : x.Row(i)[k]) * values[o * 131 + k];
                        sum += product;
                        size += Math.Abs(product);
                    }
                    Assert.Equal(sum, all.Row(i)[o], 2e-6 * size);
                }
            }
            for (int rows = 1; rows < 31; rows++)
            {
                var some = arena.Matrix(rows, 70);
                kernels.Linear(some, x.Take(rows), weights, default);
                for (int i = 0; i < rows; i++) Assert.Equal(all.Row(i).ToArray(), some.Row(i).ToArray());
            }
        }
    }

    private static float ToBf16(float value) => BitConverter.UInt32BitsToSingle((uint)RowFormats.ToBf16(value) << 16);

    [Theory]
    [InlineData(0x3F800000u, 0x3F80)] // 1
    [InlineData(0x3F808000u, 0x3F80)] // a tie goes to even
    [InlineData(0x3F818000u, 0x3F82)]
    [InlineData(0x3F808001u, 0x3F81)]
    [InlineData(0xFF7FFFFFu, 0xFF80)] // beyond the largest
    [InlineData(0x7FC00001u, 0x7FC0)]
    [InlineData(0x7F800001u, 0x7FC0)] // a signalling NaN does not become infinity
    public void Bf16_rounds_to_nearest_even(uint bits, int expected) => Assert.Equal((ushort)expected, RowFormats.ToBf16(BitConverter.UInt32BitsToSingle(bits)));

    [Fact]
    public void Weights_are_rounded_to_bf16_on_load()
    {
        using var kernels = CpuBackend.Create(2, null, Numerics.Exact, WeightStorage.Bf16);
        using var arena = new Arena();
        using var ids = new NativeList<int>();
        for (int i = 0; i < 40; i++) ids.Add(i);
        var (weights, values) = Kernels.RandomWeights(kernels, DType.F32, 40, 33, 3);
        using (weights)
        {
            var rows = arena.Matrix(40, 33);
            kernels.Embed(rows, ids, weights);

            Assert.Equal((DType.Bf16, 64 * 64 * 2L), (weights.Type, weights.Bytes));
            for (int i = 0; i < 40; i++) Assert.Equal(values.AsSpan(i * 33, 33).ToArray().Select(ToBf16), rows.Row(i).ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_embedding_row_is_the_stored_row(string name, DType type)
    {
        using var kernels = CpuBackend.Create(2, name);
        using var arena = new Arena();
        using var ids = new NativeList<int>();
        var (table, values) = Kernels.RandomWeights(kernels, type, 211, 49, 3);
        using (table)
        {
            foreach (int id in (int[])[0, 1, 31, 32, 210]) ids.Add(id);
            var rows = arena.Matrix(ids.Count, 49);
            kernels.Embed(rows, ids, table);

            for (int i = 0; i < ids.Count; i++) Assert.Equal(values.AsSpan(ids[i] * 49, 49).ToArray(), rows.Row(i).ToArray());
        }
    }

    [Fact]
    public void Stacked_sources_are_one_matrix()
    {
        using var kernels = CpuBackend.Create(2);
        using var first = new DeviceBuffer(5 * 4 * 4);
        using var second = new DeviceBuffer(40 * 4 * 4);
        for (int i = 0; i < 20; i++) first.Span<float>()[i] = i;
        for (int i = 0; i < 160; i++) second.Span<float>()[i] = 100 + i;
        using var stacked = kernels.CreateWeights([new(first.Address, DType.F32, 5, 4), new(second.Address, DType.F32, 40, 4)]);
        using var arena = new Arena();
        using var ids = new NativeList<int>();
        for (int i = 0; i < 45; i++) ids.Add(i);
        var rows = arena.Matrix(45, 4);
        kernels.Embed(rows, ids, stacked);

        Assert.Equal((45, 4), (stacked.Outputs, stacked.Inputs));
        Assert.Equal([16, 17, 18, 19], rows.Row(4).ToArray());
        Assert.Equal([100, 101, 102, 103], rows.Row(5).ToArray());
        Assert.Equal([256, 257, 258, 259], rows.Row(44).ToArray());
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused_with_both_shapes()
    {
        using var kernels = CpuBackend.Create(1);
        using var arena = new Arena();
        var (weights, _) = Kernels.RandomWeights(kernels, DType.F32, 4, 8, 1);
        using (weights)
        {
            var error = Assert.Throws<ArgumentException>(() => kernels.Linear(arena.Matrix(1, 4), arena.Matrix(1, 9), weights, default));
            Assert.Contains("[1, 9] times [4, 8]", error.Message);
        }
    }
}
