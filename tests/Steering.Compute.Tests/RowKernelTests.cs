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
        kernels.Silu(x, x);

        for (int i = 0; i < before.Length; i++)
        {
            double exact = before[i] / (1 + Math.Exp(-(double)before[i]));
            Assert.Equal(exact, x.Row(0)[i], Math.Max(1e-36, 1e-6 * Math.Abs(exact)));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Fused_gate_has_the_bits_of_its_parts(string name)
    {
        using var kernels = CpuBackend.Create(2, name);
        using var arena = new Arena();
        var both = Kernels.Random(arena, 4, 2 * 83, 1, 6);
        TensorView fused = arena.Matrix(4, 83), parts = arena.Matrix(4, 83);
        kernels.SiluMultiply(fused, both.Slice(0, 83), both.Slice(83, 83));
        kernels.Silu(parts, both.Slice(0, 83));
        kernels.Multiply(parts, parts, both.Slice(83, 83));

        for (int i = 0; i < 4; i++) Assert.Equal(parts.Row(i).ToArray(), fused.Row(i).ToArray());
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
        one.Silu(a, a);
        portable.Silu(b, b);
        one.AddTo(a, x);
        portable.AddTo(b, x);

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
