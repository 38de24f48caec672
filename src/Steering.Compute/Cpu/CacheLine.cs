namespace Steering.Compute.Cpu;

/// <summary>Room on the stack for whole registers: stack memory begins at multiples of 16 bytes, where every register of 64 lies across two cache lines.</summary>
internal static unsafe class CacheLine
{
    /// <summary>What to take more than is needed.</summary>
    public const int Floats = 16;

    /// <summary>The first address from this one on where a line begins.</summary>
    public static float* Next(float* memory) => (float*)((nint)memory + 63 & ~63);
}
