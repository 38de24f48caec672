using Steering.Compute;
using Steering.Compute.Cpu;

namespace Steering.Tests;

public sealed class AttentionTests
{
    public static TheoryData<string, Numerics> Ways()
    {
        var ways = new TheoryData<string, Numerics>();
        foreach (string name in Kernels.Available().Select<object[], string>(row => (string)row[0]))
            foreach (var numerics in Enum.GetValues<Numerics>()) ways.Add(name, numerics);
        return ways;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Attention_equals_softmax_in_double(string name, Numerics numerics)
    {
        using var kernels = CpuBackend.Create(2, name, numerics);
        foreach (var shape in new[] { new AttentionShape(4, 2, 12), new AttentionShape(4, 4, 20), new AttentionShape(8, 2, 64), new AttentionShape(2, 1, 10), new AttentionShape(3, 3, 33) })
        {
            using var run = new AttentionRun(kernels, shape, length: 150, seed: 5);
            run.Whole();

            Assert.InRange(run.LargestError(), 0, 2e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Windows_and_soft_caps_equal_their_formulas_in_double(string name, Numerics numerics)
    {
        using var kernels = CpuBackend.Create(2, name, numerics);
        foreach (int window in (int[])[1, 8, 63, 64, 65, 100, 1000])
        {
            foreach (float cap in (float[])[0, 2])
            {
                using var run = new AttentionRun(kernels, new AttentionShape(4, 2, 12), length: 150, seed: window, window, cap);
                run.Whole();
                Assert.InRange(run.LargestError(), 0, 2e-6);
                var whole = run.Output();
                run.Chunked(7);
                Assert.Equal(whole, run.Output());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Chunks_and_single_rows_give_the_bits_of_the_whole(string name, Numerics numerics)
    {
        using var kernels = CpuBackend.Create(3, name, numerics); // cuts between heads that share keys
        foreach (int heads in (int[])[2, 4, 6, 8, 10, 14]) // 1 to 7 that share keys: those of a row go through a tile four by four, and three as four
        {
            using var run = new AttentionRun(kernels, new AttentionShape(heads, 2, 12), length: 150, seed: 7);
            run.Whole();
            var whole = run.Output();
            foreach (int chunk in (int[])[1, 7, 64, 100])
            {
                run.Chunked(chunk);
                Assert.Equal(whole, run.Output());
            }
        }
    }

    [Theory]
    [InlineData(Numerics.Exact)]
    [InlineData(Numerics.Fast)]
    public void All_kernels_give_the_same_bits(Numerics numerics)
    {
        float[]? first = null;
        foreach (string name in Kernels.Available().Select<object[], string>(row => (string)row[0]))
        {
            using var kernels = CpuBackend.Create(2, name, numerics);
            using var run = new AttentionRun(kernels, new AttentionShape(4, 1, 40), length: 150, seed: 9);
            run.Whole();
            Assert.Equal(first ??= run.Output(), run.Output());
        }
    }

    [Fact]
    public void A_cache_in_fast_numerics_takes_half_the_memory()
    {
        var shape = new AttentionShape(4, 2, 64);
        Assert.Equal(2 * 2 * 64 * 64 * 2 * 4L, KvCache.BytesPerBlock(shape, 2, Numerics.Exact));
        Assert.Equal(KvCache.BytesPerBlock(shape, 2, Numerics.Exact) / 2, KvCache.BytesPerBlock(shape, 2, Numerics.Fast));
    }

    /// <summary>One sequence with scattered blocks, its rows run at once or in chunks.</summary>
    private sealed class AttentionRun : IDisposable
    {
        private readonly IKernels _kernels;
        private readonly AttentionShape _shape;
        private readonly int _length;
        private readonly Arena _arena = new();
        private readonly TensorView _fused;
        private readonly TensorView _output;
        private readonly KvCache _cache;
        private readonly NativeList<int> _positions = new(), _starts = new(), _tables = new();
        private readonly AttentionRule _rule;

        public AttentionRun(IKernels kernels, AttentionShape shape, int length, int seed, int window = 0, float cap = 0)
        {
            (_kernels, _shape, _length) = (kernels, shape, length);
            _fused = Kernels.Random(_arena, length, shape.FusedWidth, seed, 2);
            _output = _arena.Matrix(length, shape.QueryWidth);
            _cache = new KvCache(shape, 2, 9, kernels.Numerics);
            _rule = new AttentionRule(1 / MathF.Sqrt(shape.HeadDimension), window, cap);
            foreach (int block in (int[])[7, 2, 5]) _tables.Add(block);
            for (int i = 0; i < length; i++)
            {
                _positions.Add(i);
                _starts.Add(0);
            }
        }

        public void Whole() => Chunked(_length);

        public void Chunked(int chunk)
        {
            for (int first = 0; first < _length; first += chunk)
            {
                int count = Math.Min(chunk, _length - first);
                var places = new RowPlaces(count, _positions.Address + 4 * first, _starts.Address, _tables.Address);
                var rows = new TensorView(_fused.Address + 4 * first * _fused.Stride, count, _fused.Columns, _fused.Stride);
                var output = new TensorView(_output.Address + 4 * first * _output.Stride, count, _output.Columns, _output.Stride);
                _kernels.StoreKv(_cache, 1, rows, places);
                _kernels.Attend(output, rows, _cache, 1, places, _rule);
            }
        }

        public float[] Output() => [.. Enumerable.Range(0, _length).SelectMany(i => _output.Row(i).ToArray())];

        public double LargestError()
        {
            double worst = 0;
            int d = _shape.HeadDimension;
            for (int i = 0; i < _length; i++)
            {
                for (int h = 0; h < _shape.Heads; h++)
                {
                    int group = h / _shape.HeadsPerKeyValue;
                    var scores = new double[i + 1];
                    for (int j = 0; j <= i; j++)
                    {
                        for (int k = 0; k < d; k++)
                            scores[j] += (double)_fused.Row(i)[h * d + k] * Kept(_fused.Row(j)[_shape.QueryWidth + group * d + k]) * _rule.Scale;
                        if (_rule.SoftCap > 0) scores[j] = _rule.SoftCap * Math.Tanh(scores[j] / _rule.SoftCap);
                        if (_rule.Window > 0 && i - j >= _rule.Window) scores[j] = double.NegativeInfinity;
                    }
                    double max = scores.Max(), total = scores.Sum(s => Math.Exp(s - max));
                    for (int k = 0; k < d; k++)
                    {
                        double expected = 0;
                        for (int j = 0; j <= i; j++)
                            expected += Math.Exp(scores[j] - max) / total * Kept(_fused.Row(j)[_shape.QueryWidth + _shape.KeyValueWidth + group * d + k]);
                        worst = Math.Max(worst, Math.Abs(expected - _output.Row(i)[h * d + k]));
                    }
                }
            }
            return worst;
        }

        /// <summary>What the cache makes of a key's or value's number: f32, or bf16 rounded to nearest with ties to even.</summary>
        private double Kept(float value)
        {
            if (_kernels.Numerics == Numerics.Exact) return value;
            uint bits = BitConverter.SingleToUInt32Bits(value);
            return BitConverter.UInt32BitsToSingle(bits + 0x7FFF + (bits >> 16 & 1) & 0xFFFF0000);
        }

        public void Dispose()
        {
            _arena.Dispose();
            _cache.Dispose();
            _positions.Dispose();
            _starts.Dispose();
            _tables.Dispose();
        }
    }
}
