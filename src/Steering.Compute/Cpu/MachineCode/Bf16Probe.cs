using System.Diagnostics;

namespace Steering.Compute.Cpu.MachineCode;

/// <summary>Whether AVX512-BF16 beats widening to f32 on this processor: Zen 5 does 2.0 times the operations, Emerald Rapids half.</summary>
internal static unsafe class Bf16Probe
{
    private const int Pairs = 128, Calls = 400, Rounds = 5;

    /// <summary>Measured once per process, in about a millisecond, on a tile of both kernels that stays in the first-level cache.</summary>
    public static bool IsFaster { get; } = ProcessorFeatures.Avx512Bf16 && MatrixKernels.Bf16 is { } dots && MatrixKernels.WidenedBf16 is { } widened && Measure(dots, 4) < Measure(widened, 8);

    /// <summary>Least time of a row.</summary>
    private static double Measure(TileKernel kernel, int pairBytes)
    {
        int rows = kernel.Format.MostRows;
        using var memory = new DeviceBuffer(Pairs * 128 + rows * (Pairs * pairBytes + 64) + rows * 128);
        nint inputs = memory.Address + Pairs * 128, outputs = inputs + rows * (Pairs * pairBytes + 64);
        var arguments = new TileArguments(memory.Address, 0, inputs, Pairs * pairBytes + 64, outputs, 128, Pairs);
        var entry = (delegate* unmanaged<TileArguments*, void>)kernel.Entries[TileKernel.Variants * (rows - 1) + (int)TileVariant.Single];
        double least = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Calls / Rounds; i++) entry(&arguments);
            least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return least / rows;
    }
}
