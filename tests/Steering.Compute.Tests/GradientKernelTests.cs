using Steering.Compute;
using Steering.Compute.Cpu;
using Steering.Compute.Quantised;

namespace Steering.Tests;

/// <summary>Every gradient kernel against central differences of its operation written plainly in double precision: d/dx of sum(g f(x)).</summary>
public sealed class GradientKernelTests
{
    private const int Rows = 7;

    public static TheoryData<string> Names() => Kernels.Available();

    [Theory]
    [MemberData(nameof(Names))]
    public void Root_mean_square_norms(string name)
    {
        using var kernels = CpuBackend.Create(2, name);
        foreach (int columns in (int[])[48, 50])
        {
            using var arena = new Arena();
            TensorView x = Kernels.Random(arena, Rows, columns, 1, 3), w = Kernels.Random(arena, 1, columns, 2), g = Kernels.Random(arena, Rows, columns, 3), target = Kernels.Random(arena, Rows, columns, 4), before = Copy(arena, target);

            ((IGradientKernels)kernels).RmsNormGradient(target, g, x, w, 1e-5f);

            AssertGradient(target, before, g, x, row => RmsNorm(row, w.Row(0).ToArray(), 1e-5f));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Layer_norms(string name)
    {
        using var kernels = CpuBackend.Create(2, name);
        foreach (int columns in (int[])[48, 50])
        {
            using var arena = new Arena();
            TensorView x = Kernels.Random(arena, Rows, columns, 1, 3), w = Kernels.Random(arena, 1, columns, 2), g = Kernels.Random(arena, Rows, columns, 3), target = Kernels.Random(arena, Rows, columns, 4), before = Copy(arena, target);

            ((IGradientKernels)kernels).LayerNormGradient(target, g, x, w, 1e-5f);

            AssertGradient(target, before, g, x, row =>
            {
                double mean = row.Average(), scale = 1 / Math.Sqrt(row.Average(v => (v - mean) * (v - mean)) + 1e-5f);
                return [.. row.Select((v, i) => (v - mean) * scale * w.Row(0)[i])];
            });
            var padded = new TensorView(target.Address, Rows, target.Stride, target.Stride);
            for (int i = 0; i < Rows; i++) Assert.All(padded.Row(i)[columns..].ToArray(), v => Assert.Equal(0, v));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Norms_of_heads(string name)
    {
        using var kernels = CpuBackend.Create(2, name);
        foreach (int width in (int[])[10, 32])
        {
            using var arena = new Arena();
            TensorView x = Kernels.Random(arena, Rows, 3 + 4 * width, 1, 3), w = Kernels.Random(arena, 1, width, 2), g = Kernels.Random(arena, Rows, 3 + 4 * width, 3), outer = Copy(arena, g);

            ((IGradientKernels)kernels).RmsNormGroupsGradient(g.Slice(3, 4 * width), x.Slice(3, 4 * width), w, 1e-5f);

            AssertGradient(g, arena.Matrix(Rows, x.Columns), outer, x, row =>
                [.. row.Take(3), .. Enumerable.Range(0, 4).SelectMany(h => RmsNorm([.. row.Skip(3 + h * width).Take(width)], w.Row(0).ToArray(), 1e-5f))]);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Products_of_every_type(string name)
    {
        using var kernels = CpuBackend.Create(2, name, Numerics.Fast); // fast or not, gradients are exact
        foreach (var (outputs, inputs) in new[] { (70, 131), (32, 32), (5, 40), (157, 48), (2 * 2048 + 75, 40) })
        {
            foreach (var type in (DType[])[DType.F32, DType.Bf16, DType.F16])
            {
                var (weights, values) = Kernels.RandomWeights(kernels, type, outputs, inputs, 3);
                using (weights) AssertProduct(kernels, weights, (o, i) => values[o * inputs + i]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Products_of_every_block_format(string name)
    {
        using var kernels = CpuBackend.Create(2, name);
        foreach (var format in BlockFormat.All)
        {
            using var source = new Blocks(format, 75, 512, seed: 1);
            using var weights = kernels.CreateWeights([source.Source]);
            AssertProduct(kernels, weights, (o, i) => source.Row(o)[i]);
        }
    }

    private static void AssertProduct(IKernels kernels, WeightMatrix weights, Func<int, int, float> weight)
    {
        using var arena = new Arena();
        TensorView g = Kernels.Random(arena, Rows, weights.Outputs, 5), target = arena.Matrix(Rows, weights.Inputs);
        ((IGradientKernels)kernels).LinearGradient(target, g, weights);
        for (int row = 0; row < Rows; row++)
        {
            for (int i = 0; i < weights.Inputs; i++)
            {
                double sum = 0, size = 0;
                for (int o = 0; o < weights.Outputs; o++)
                {
                    double product = (double)g.Row(row)[o] * weight(o, i);
                    sum += product;
                    size += Math.Abs(product);
                }
                Assert.Equal(sum, target.Row(row)[i], 1e-6 * size + 1e-30);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Activations(string name)
    {
        using var kernels = CpuBackend.Create(2, name);
        using var arena = new Arena();
        TensorView x = arena.Matrix(140, 10), g = Kernels.Random(arena, 140, 10, 2);
        for (int row = 0; row < 140; row++)
            for (int i = 0; i < 10; i++) x.Row(row)[i] = (row * 10 + i - 700) / 60f; // -11.7 to 11.7, 0 included
        foreach (var activation in Enum.GetValues<Activation>())
        {
            var target = Copy(arena, g);
            ((IGradientKernels)kernels).ActivateGradient(target, x, activation);
            AssertGradient(target, arena.Matrix(140, 10), g, x, row => [.. row.Select(v => Activate(v, activation))], 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Attention(string name)
    {
        using var kernels = CpuBackend.Create(2, name);
        foreach (var (shape, rule) in new[]
        {
            (new AttentionShape(4, 2, 12), new AttentionRule(0.3f)),
            (new AttentionShape(4, 4, 16), new AttentionRule(0.25f, Window: 5)),
            (new AttentionShape(6, 2, 20), new AttentionRule(0.2f, Window: 18, SoftCap: 1.5f)),
        })
        {
            using var arena = new Arena();
            using var sequences = new NativeList<RowSpan>();
            int[] lengths = [1, 18, 33];
            int rows = lengths.Sum(), first = 0;
            TensorView fused = Kernels.Random(arena, rows, shape.FusedWidth, 1, 1.5f), g = Kernels.Random(arena, rows, shape.QueryWidth, 2), target = arena.Matrix(rows, shape.FusedWidth);
            foreach (int length in lengths)
            {
                sequences.Add(new RowSpan(first, length));
                first += length;
            }

            ((IGradientKernels)kernels).AttendGradient(target, g, fused, shape, sequences, rule);

            foreach (var sequence in sequences.Items.ToArray())
            {
                double[][] x = [.. Enumerable.Range(sequence.First, sequence.Count).Select(i => fused.Row(i).ToArray().Select(v => (double)v).ToArray())];
                // Every value of a few rows: each row costs two whole attentions a value.
                foreach (int row in (int[])[0, sequence.Count / 2])
                {
                    for (int i = 0; i < shape.FusedWidth; i++)
                    {
                        double value = x[row][i], step = 1e-4;
                        x[row][i] = value + step;
                        double up = Objective();
                        x[row][i] = value - step;
                        double down = Objective();
                        x[row][i] = value;
                        Assert.Equal((up - down) / (2 * step), target.Row(sequence.First + row)[i], 2e-5);
                    }
                }

                double Objective()
                {
                    double sum = 0;
                    for (int i = 0; i < sequence.Count; i++)
                        for (int head = 0; head < shape.Heads; head++)
                        {
                            var output = Attend(x, i, head, shape, rule);
                            for (int d = 0; d < shape.HeadDimension; d++) sum += output[d] * g.Row(sequence.First + i)[head * shape.HeadDimension + d];
                        }
                    return sum;
                }
            }
        }
    }

    private static double[] Attend(double[][] fused, int row, int head, AttentionShape shape, AttentionRule rule)
    {
        int width = shape.HeadDimension, key = shape.QueryWidth + head / shape.HeadsPerKeyValue * width, value = key + shape.KeyValueWidth;
        int begin = rule.Window > 0 ? Math.Max(0, row - rule.Window + 1) : 0;
        double[] weights = [.. Enumerable.Range(begin, row + 1 - begin).Select(j =>
        {
            double score = rule.Scale * Enumerable.Range(0, width).Sum(d => fused[row][head * width + d] * fused[j][key + d]);
            return Math.Exp(rule.SoftCap > 0 ? rule.SoftCap * Math.Tanh(score / rule.SoftCap) : score);
        })];
        double total = weights.Sum();
        return [.. Enumerable.Range(0, width).Select(d => weights.Select((w, j) => w / total * fused[begin + j][value + d]).Sum())];
    }

    private static double[] RmsNorm(double[] row, float[] weight, double epsilon)
    {
        double scale = 1 / Math.Sqrt(row.Average(v => v * v) + epsilon);
        return [.. row.Select((v, i) => v * scale * weight[i])];
    }

    private static double Activate(double x, Activation activation) => activation switch
    {
        Activation.Silu => x / (1 + Math.Exp(-x)),
        Activation.GeluTanh => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
        _ => x * Normal(x),
    };

    /// <summary>The normal distribution function by Simpson's rule from 0.</summary>
    private static double Normal(double x)
    {
        const int steps = 2000;
        double sum = 0, step = x / steps;
        for (int i = 0; i <= steps; i++) sum += (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2) * Math.Exp(-(i * step) * (i * step) / 2);
        return 0.5 + sum * step / 3 / Math.Sqrt(2 * Math.PI);
    }

    private static TensorView Copy(Arena arena, TensorView from)
    {
        var copy = arena.Matrix(from.Rows, from.Columns);
        for (int i = 0; i < from.Rows; i++) from.Row(i).CopyTo(copy.Row(i));
        return copy;
    }

    /// <summary>target - before is the gradient of sum(g f(x)) for a function of rows.</summary>
    private static void AssertGradient(TensorView target, TensorView before, TensorView g, TensorView x, Func<double[], double[]> function, double tolerance = 3e-6)
    {
        for (int row = 0; row < x.Rows; row++)
        {
            double[] values = [.. x.Row(row).ToArray().Select(v => (double)v)];
            for (int i = 0; i < values.Length; i++)
            {
                double value = values[i], step = 1e-5;
                values[i] = value + step;
                double up = Objective(row);
                values[i] = value - step;
                double down = Objective(row);
                values[i] = value;
                Assert.Equal((up - down) / (2 * step), target.Row(row)[i] - (double)before.Row(row)[i], tolerance);
            }

            double Objective(int at)
            {
                double[] output = function(values);
                double sum = 0;
                for (int k = 0; k < output.Length; k++) sum += output[k] * g.Row(at)[k];
                return sum;
            }
        }
    }
}
