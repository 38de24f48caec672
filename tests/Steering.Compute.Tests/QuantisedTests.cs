using Steering.Compute;
using Steering.Compute.Cpu;
using Steering.Compute.Quantised;

namespace Steering.Tests;

/// <summary>Products with block-quantised weights have the bits of products with their widening.</summary>
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
    public void A_product_has_the_bits_of_the_widened_weights(string name, string format)
    {
        using var kernels = CpuBackend.Create(2, name);
        using var arena = new Arena();
        using var source = new Blocks(Format(format), 75, 512, seed: 1);
        using var weights = kernels.CreateWeights([source.Source]);
        foreach (int rows in (int[])[1, 2, 3, 9])
        {
            TensorView x = Kernels.Random(arena, rows, 512, rows), y = arena.Matrix(rows, 75);
            kernels.Linear(y, x, weights, default);
            for (int i = 0; i < rows; i++)
                for (int o = 0; o < 75; o++) Assert.Equal(Chain(x.Row(i), source.Row(o)), y.Row(i)[o]);
        }
        AssertRows(kernels, weights, [.. Enumerable.Range(0, 75).Select(o => source.Row(o).ToArray())]);
    }

    [Theory]
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

    [Fact]
    public void Eight_bits_stay_eight_bits_in_memory()
    {
        using var kernels = CpuBackend.Create(1);
        using var source = new Blocks(Format("Q8_0"), 64, 512, seed: 1);
        using var weights = kernels.CreateWeights([source.Source]);

        Assert.InRange(weights.Bytes, source.Source.Bytes, 1.15 * source.Source.Bytes);
    }

    [Theory]
    [InlineData(35, 32)]
    [InlineData(34, 64)]
    public void Bytes_that_are_not_whole_blocks_are_not_widened(int bytes, int values) =>
        Assert.Throws<ArgumentException>(() => Format("Q8_0").Widen(new byte[bytes], new float[values]));

    private static BlockFormat Format(string name) => BlockFormat.All.Single(format => format.Name == name);

    private static float Chain(ReadOnlySpan<float> x, ReadOnlySpan<float> weights)
    {
        float sum = 0;
        for (int k = 0; k < x.Length; k++) sum = MathF.FusedMultiplyAdd(x[k], weights[k], sum);
        return sum;
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

    /// <summary>Random blocks, or f32 values where there is no format. Every two bytes are a finite half, wherever a format has its scales.</summary>
    private sealed unsafe class Blocks : IDisposable
    {
        private readonly DeviceBuffer _buffer;
        private readonly float[] _values;
        private readonly int _columns;

        public Blocks(BlockFormat? format, int rows, int columns, int seed)
        {
            _columns = columns;
            var random = new Random(seed);
            _values = new float[rows * columns];
            _buffer = new DeviceBuffer(format is null ? 4L * _values.Length : (long)_values.Length / format.Values * format.Bytes);
            Source = new WeightSource(_buffer.Address, format is null ? DType.F32 : DType.Int8, rows, columns, format);
            if (format is null)
            {
                foreach (ref float value in _buffer.Span<float>()) value = random.NextSingle();
                _buffer.Span<float>().CopyTo(_values);
                return;
            }
            foreach (ref byte value in _buffer.Span<byte>()) value = (byte)(random.Next(2) * 128 + random.Next(0x48));
            format.Widen(_buffer.Span<byte>(), _values);
        }

        public WeightSource Source { get; }

        public ReadOnlySpan<float> Row(int row) => _values.AsSpan(row * _columns, _columns);

        public void Dispose() => _buffer.Dispose();
    }
}
