using Steering.Compute;
using Steering.Compute.Cpu;

namespace Steering.Tests;

public sealed class RowKernelTests
{
    public static TheoryData<string> Names => Kernels.Available();

    [Theory]
    [MemberData(nameof(Names))]
    public void RmsNorm_equals_its_formula_in_double(string name)
    {
        using var kernels = CpuBackend.Create(2, name);
        using var arena = new Arena();
        var x = Kernels.Random(arena, 5, 50, 1, 3);
        var weight = Kernels.Random(arena, 1, 50, 2);
        var y = arena.Matrix(5, 50);
        kernels.RmsNorm(y, x, weight, 1e-5f);

        for (int i = 0; i < 5; i++)
        {
            double mean = x.Row(i).ToArray().Average(v => (double)v * v);
            for (int k = 0; k < 50; k++) Assert.Equal(x.Row(i)[k] / Math.Sqrt(mean + 1e-5) * weight.Row(0)[k], y.Row(i)[k], 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Silu_is_accurate_over_the_whole_range_and_keeps_its_sign(string name)
    {
        using var kernels = CpuBackend.Create(1, name);
        using var arena = new Arena();
        var x = arena.Matrix(1, 4001);
        for (int i = 0; i < 4001; i++) x.Row(0)[i] = (i - 2000) * 0.06f;
        var before = x.Row(0).ToArray();
        kernels.Activate(x, x, Activation.Silu);

        for (int i = 0; i < before.Length; i++)
        {
            double exact = before[i] / (1 + Math.Exp(-(double)before[i]));
            Assert.Equal(exact, x.Row(0)[i], Math.Max(1e-36, 1e-6 * Math.Abs(exact)));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gelu_and_its_tanh_form_are_accurate_over_the_whole_range(string name)
    {
        using var kernels = CpuBackend.Create(1, name);
        using var arena = new Arena();
        TensorView x = arena.Matrix(1, 4001), erf = arena.Matrix(1, 4001), tanh = arena.Matrix(1, 4001);
        for (int i = 0; i < 4001; i++) x.Row(0)[i] = (i - 2000) * 0.005f;
        kernels.Activate(erf, x, Activation.Gelu);
        kernels.Activate(tanh, x, Activation.GeluTanh);

        for (int i = 0; i < 4001; i++)
        {
            double v = x.Row(0)[i], root = v * Math.Sqrt(2 / Math.PI) * (1 + 0.044715 * v * v);
            // Relative to x: where the tail has fallen to 1e-15, an error of 1e-21 is not one.
            Assert.Equal(v * NormalDistribution(v), erf.Row(0)[i], 3e-7 * Math.Abs(v) + 1e-30);
            Assert.Equal(v / (1 + Math.Exp(-2 * root)), tanh.Row(0)[i], 3e-7 * Math.Abs(v) + 1e-30);
        }
    }

    // Phi(x) by its series (Marsaglia 2004), in double.
    private static double NormalDistribution(double x)
    {
        if (Math.Abs(x) > 7) return x > 0 ? 1 : 0;
        double term = x, sum = x;
        for (int k = 3; Math.Abs(term) > 1e-18; k += 2) sum += term *= x * x / k;
        return 0.5 + sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Soft_cap_is_a_scaled_tanh_to_f32_accuracy_small_values_included(string name)
    {
        using var kernels = CpuBackend.Create(1, name);
        using var arena = new Arena();
        var x = arena.Matrix(1, 3001);
        for (int i = 0; i < 3001; i++) x.Row(0)[i] = i % 3 == 0 ? (i - 1500) * 1e-6f : (i - 1500) * 0.2f;
        var before = x.Row(0).ToArray();
        kernels.SoftCap(x, 30);

        for (int i = 0; i < before.Length; i++)
        {
            double exact = 30 * Math.Tanh(before[i] / 30.0);
            Assert.Equal(exact, x.Row(0)[i], Math.Max(1e-30, 6e-7 * Math.Abs(exact)));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void LayerNorm_equals_its_formula_in_double(string name)
    {
        using var kernels = CpuBackend.Create(2, name);
        using var arena = new Arena();
        TensorView x = Kernels.Random(arena, 5, 50, 1, 3), weight = Kernels.Random(arena, 1, 50, 2), bias = Kernels.Random(arena, 1, 50, 3), y = arena.Matrix(5, 50);
        foreach (ref float value in x.Row(2)) value += 100; // a mean far from zero costs no accuracy of the variance
        kernels.LayerNorm(y, x, weight, bias, 1e-5f);

        for (int i = 0; i < 5; i++)
        {
            double mean = x.Row(i).ToArray().Average(v => (double)v), variance = x.Row(i).ToArray().Average(v => (v - mean) * (v - mean));
            for (int k = 0; k < 50; k++)
                Assert.Equal((x.Row(i)[k] - mean) / Math.Sqrt(variance + 1e-5) * weight.Row(0)[k] + bias.Row(0)[k], y.Row(i)[k], i == 2 ? 1e-5 : 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void RmsNorm_of_groups_norms_each_head_and_leaves_its_neighbours(string name)
    {
        using var kernels = CpuBackend.Create(2, name);
        using var arena = new Arena();
        TensorView x = Kernels.Random(arena, 3, 100, 1, 3), weight = Kernels.Random(arena, 1, 20, 2);
        float[][] before = [.. Enumerable.Range(0, 3).Select(i => x.Row(i).ToArray())];
        kernels.RmsNormGroups(x.Slice(10, 80), weight, 1e-5f);

        for (int i = 0; i < 3; i++)
        {
            for (int k = 0; k < 100; k++)
            {
                int head = (k - 10) / 20 * 20 + 10;
                double expected = k is < 10 or >= 90 ? before[i][k]
                    : before[i][k] / Math.Sqrt(before[i][head..(head + 20)].Average(v => (double)v * v) + 1e-5) * weight.Row(0)[(k - 10) % 20];
                Assert.Equal(expected, x.Row(i)[k], 1e-6);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Routing_keeps_the_largest_of_a_softmax_and_of_equal_ones_the_first(string name)
    {
        using var kernels = CpuBackend.Create(2, name);
        using var arena = new Arena();
        TensorView logits = arena.Matrix(2, 5), weights = arena.Matrix(2, 5);
        ((float[])[1, 3, 2, 3, -200]).CopyTo(logits.Row(0));
        ((float[])[0, 0, 0, 0, 0]).CopyTo(logits.Row(1));
        kernels.Route(weights, logits, 2, renormalise: false);

        double total = Math.Exp(-2) + 1 + Math.Exp(-1) + 1;
        Near([0, 1 / total, 0, 1 / total, 0], weights.Row(0));
        Near([0.2, 0.2, 0, 0, 0], weights.Row(1));

        kernels.Route(weights, logits, 3, renormalise: true);
        double kept = 2 + Math.Exp(-1);
        Near([0, 1 / kept, Math.Exp(-1) / kept, 1 / kept, 0], weights.Row(0));

        static void Near(double[] expected, ReadOnlySpan<float> actual)
        {
            for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-7);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Scaled_rows_are_added_where_they_belong(string name)
    {
        using var kernels = CpuBackend.Create(2, name);
        using var arena = new Arena();
        TensorView source = Kernels.Random(arena, 2, 50, 1), target = Kernels.Random(arena, 4, 50, 2);
        float[][] before = [.. Enumerable.Range(0, 4).Select(i => target.Row(i).ToArray())];
        using var rows = new NativeList<RowWeight>();
        rows.Add(new RowWeight(1, 0.5f));
        rows.Add(new RowWeight(3, -2));
        kernels.AddScaledRows(target, source, rows);

        for (int k = 0; k < 50; k++)
        {
            Assert.Equal(before[0][k], target.Row(0)[k]);
            Assert.Equal(MathF.FusedMultiplyAdd(0.5f, source.Row(0)[k], before[1][k]), target.Row(1)[k]);
            Assert.Equal(before[2][k], target.Row(2)[k]);
            Assert.Equal(MathF.FusedMultiplyAdd(-2, source.Row(1)[k], before[3][k]), target.Row(3)[k]);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Rotation_turns_the_first_values_of_a_head_and_leaves_the_rest(string name)
    {
        using var kernels = CpuBackend.Create(2, name);
        using var arena = new Arena();
        var shape = new AttentionShape(2, 1, 10);
        TensorView fused = Kernels.Random(arena, 1, shape.FusedWidth, 1), cosines = arena.Matrix(1, 3), sines = arena.Matrix(1, 3);
        for (int i = 0; i < 3; i++) (cosines.Row(0)[i], sines.Row(0)[i]) = (MathF.Cos(i + 1), MathF.Sin(i + 1));
        float[] before = fused.Row(0).ToArray();
        kernels.Rotate(fused, shape, cosines, sines);

        for (int k = 0; k < shape.FusedWidth; k++)
        {
            int head = k / 10 * 10, i = k % 10;
            double expected = head >= 30 || i >= 6 ? before[k]
                : i < 3 ? before[k] * Math.Cos(i + 1) - before[k + 3] * Math.Sin(i + 1)
                : before[k] * Math.Cos(i - 2) + before[k - 3] * Math.Sin(i - 2);
            Assert.Equal(expected, fused.Row(0)[k], 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void All_kernels_give_the_same_bits(string name)
    {
        using var one = CpuBackend.Create(1, name);
        using var portable = CpuBackend.Create(2, "portable");
        using var arena = new Arena();
        var x = Kernels.Random(arena, 9, 130, 1, 4);
        var weight = Kernels.Random(arena, 1, 130, 2);
        TensorView a = arena.Matrix(9, 130), b = arena.Matrix(9, 130);
        one.RmsNorm(a, x, weight, 1e-6f);
        portable.RmsNorm(b, x, weight, 1e-6f);
        foreach (var activation in Enum.GetValues<Activation>())
        {
            one.Activate(a, a, activation);
            portable.Activate(b, b, activation);
        }
        one.AddTo(a, x);
        portable.AddTo(b, x);
        one.LayerNorm(a, a, weight, x.Take(1), 1e-5f);
        portable.LayerNorm(b, b, weight, x.Take(1), 1e-5f);
        one.RmsNormGroups(a.Slice(3, 120), weight.Slice(0, 40), 1e-6f);
        portable.RmsNormGroups(b.Slice(3, 120), weight.Slice(0, 40), 1e-6f);
        one.SoftCap(a, 3);
        portable.SoftCap(b, 3);

        for (int i = 0; i < 9; i++) Assert.Equal(b.Row(i).ToArray(), a.Row(i).ToArray());
    }

    [Fact]
    public void The_padding_of_rows_stays_zero()
    {
        using var kernels = CpuBackend.Create(1);
        using var arena = new Arena();
        var x = Kernels.Random(arena, 2, 50, 1);
        var y = arena.Matrix(2, 50);
        kernels.RmsNorm(y, x, Kernels.Random(arena, 1, 50, 2), 1e-5f);
        kernels.AddTo(y, x);
        var (weights, _) = Kernels.RandomWeights(kernels, DType.Bf16, 50, 50, 3);
        var z = arena.Matrix(2, 50);
        using (weights) kernels.Linear(z, y, weights, default);

        foreach (var view in (TensorView[])[y, z])
        {
            var padded = new TensorView(view.Address, 2, view.Stride, view.Stride);
            for (int i = 0; i < 2; i++) Assert.All(padded.Row(i)[50..].ToArray(), v => Assert.Equal(0, v));
        }
    }
}
