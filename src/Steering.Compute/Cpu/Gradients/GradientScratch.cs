namespace Steering.Compute.Cpu.Gradients;

/// <summary>Memory for as many threads as there may be; each takes its part once a run.</summary>
/// <param name="address">Of 64 bytes for the count of parts taken, 0 at first, then of the parts.</param>
/// <param name="bytes">Of a part.</param>
internal readonly unsafe struct GradientScratch(nint address, long bytes)
{
    public const int HeaderBytes = 64;

    public long Bytes => bytes;

    public byte* Take() => (byte*)address + HeaderBytes + (Interlocked.Increment(ref *(int*)address) - 1) * bytes;
}
