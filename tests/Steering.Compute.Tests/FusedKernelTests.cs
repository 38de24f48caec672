using Steering.Compute;
using Steering.Compute.Cpu;

namespace Steering.Tests;

/// <summary>Kernels that do several operations in one pass, against the operations one after the other: bit for bit.</summary>
public sealed class FusedKernelTests
{
    public static TheoryData<string> Names() => Kernels.Available();

    [Theory]
    [MemberData(nameof(Names))]
    public void A_gated_product_has_the_bits_of_its_parts(string name)
    {
        foreach (var numerics in (Numerics[])[Numerics.Exact, Numerics.Fast])
        {
            using var kernels = CpuBackend.Create(2, name, numerics);
            foreach (int width in (int[])[83, 96]) // only the second can be done in one pass
            {
                foreach (int rows in (int[])[1, 4, 17, 33])
                {
                    using var arena = new Arena();
                    TensorView x = Kernels.Random(arena, rows, 48, 1, 6), bias = Kernels.Random(arena, 1, 192, 2).Slice(0, 2 * width);
                    TensorView fused = arena.Matrix(rows, width), parts = arena.Matrix(rows, width), both = arena.Matrix(rows, 2 * width);
                    var (weights, _) = Kernels.RandomWeights(kernels, DType.Bf16, 2 * width, 48, 3);
                    using var _1 = weights;
                    foreach (var activation in Enum.GetValues<Activation>())
                    {
                        kernels.GatedLinear(fused, both, x, weights, bias, activation);
                        kernels.Linear(both, x, weights, bias);
                        kernels.Activate(parts, both.Slice(0, width), activation);
                        kernels.Multiply(parts, parts, both.Slice(width, width));

                        for (int i = 0; i < rows; i++) Assert.Equal(parts.Row(i).ToArray(), fused.Row(i).ToArray());
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_norm_that_prepares_a_product_and_a_product_that_is_added_have_the_bits_of_their_parts(string name)
    {
        foreach (var (numerics, storage) in (ReadOnlySpan<(Numerics, WeightStorage)>)[(Numerics.Exact, WeightStorage.Stored), (Numerics.Fast, WeightStorage.Stored), (Numerics.Exact, WeightStorage.Q8), (Numerics.Fast, WeightStorage.Q8)])
        {
            using var kernels = CpuBackend.Create(2, name, numerics, storage);
            foreach (int rows in (int[])[1, 2, 5, 16, 33])
            {
                using var arena = new Arena();
                TensorView x = Kernels.Random(arena, rows, 50, 1, 6), weight = Kernels.Random(arena, 1, 50, 2), shift = Kernels.Random(arena, 1, 50, 3), bias = Kernels.Random(arena, 1, 192, 4).Slice(0, 167);
                TensorView normed = arena.Matrix(rows, 50), fusedNormed = arena.Matrix(rows, 50), product = arena.Matrix(rows, 167);
                var (weights, _) = Kernels.RandomWeights(kernels, DType.Bf16, 167, 50, 5);
                using var _1 = weights;
                foreach (bool isRms in (bool[])[true, false])
                {
                    TensorView parts = Kernels.Random(arena, rows, 167, 6), fused = Kernels.Random(arena, rows, 167, 6);
                    if (isRms) kernels.RmsNorm(normed, x, weight, 1e-5f);
                    else kernels.LayerNorm(normed, x, weight, shift, 1e-5f);
                    kernels.Linear(product, normed, weights, bias);
                    kernels.AddTo(parts, product);

                    kernels.LinearAdd(fused, isRms ? kernels.RmsNorm(fusedNormed, x, weight, 1e-5f, weights) : kernels.LayerNorm(fusedNormed, x, weight, shift, 1e-5f, weights), weights, bias);

                    for (int i = 0; i < rows; i++)
                    {
                        Assert.Equal(normed.Row(i).ToArray(), fusedNormed.Row(i).ToArray());
                        Assert.Equal(parts.Row(i).ToArray(), fused.Row(i).ToArray());
                    }
                }
            }
        }
    }
}
