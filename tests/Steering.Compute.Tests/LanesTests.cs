using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Steering.Compute.Cpu;

namespace Steering.Tests;

/// <summary>Lanes of every width this processor has do the same, also with what is not a number.</summary>
public sealed unsafe class LanesTests
{
    [Fact]
    public void The_larger_and_the_smaller_of_a_pair_is_the_second_where_one_is_not_a_number()
    {
        (float A, float B, float Larger, float Smaller)[] pairs =
        [
            (1, 2, 2, 1), (2, 1, 2, 1), (-1, float.NegativeInfinity, -1, float.NegativeInfinity), (float.NaN, 3, 3, 3), (3, float.NaN, float.NaN, float.NaN), (0f, -0f, -0f, -0f), (-0f, 0f, 0f, 0f),
        ];
        foreach (var (a, b, larger, smaller) in pairs)
        {
            Check<Lanes128>(a, b, larger, smaller);
            if (Avx.IsSupported) Check<Lanes256>(a, b, larger, smaller);
            if (Vector512.IsHardwareAccelerated) Check<Lanes512>(a, b, larger, smaller);
        }
    }

    [Fact]
    public void The_largest_lane_is_found_wherever_it_is()
    {
        float* lanes = stackalloc float[16];
        for (int at = 0; at < 16; at++)
        {
            for (int i = 0; i < 16; i++) lanes[i] = i == at ? -0.5f : -1 - i;
            Assert.Equal(-0.5f, Lanes128.Load(lanes).MaxAcross());
            if (Avx.IsSupported) Assert.Equal(-0.5f, Lanes256.Load(lanes).MaxAcross());
            if (Vector512.IsHardwareAccelerated) Assert.Equal(-0.5f, Lanes512.Load(lanes).MaxAcross());
        }
    }

    private static void Check<TLanes>(float a, float b, float larger, float smaller) where TLanes : unmanaged, ILanes<TLanes>
    {
        Same(larger, TLanes.Max(TLanes.Broadcast(a), TLanes.Broadcast(b)));
        Same(smaller, TLanes.Min(TLanes.Broadcast(a), TLanes.Broadcast(b)));
    }

    private static void Same<TLanes>(float expected, TLanes actual) where TLanes : unmanaged, ILanes<TLanes>
    {
        float* lanes = stackalloc float[16];
        actual.Store(lanes);
        // Assert.Equal takes every NaN for the same, and -0 for 0: the sign is compared apart.
        for (int i = 0; i < 16; i++) Assert.Equal((expected, float.IsNaN(expected) || float.IsNegative(expected)), (lanes[i], float.IsNaN(lanes[i]) || float.IsNegative(lanes[i])));
        Assert.Equal(lanes[0], actual.First);
    }
}
