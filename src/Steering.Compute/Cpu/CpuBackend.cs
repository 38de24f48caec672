using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Steering.Compute.Cpu;

/// <summary>Chooses kernels for the processor at hand. All choices give the same bits; they differ in speed only.</summary>
public static class CpuBackend
{
    /// <summary>Names that <see cref="Create"/> accepts, fastest first.</summary>
    public static IReadOnlyList<string> Names { get; } = ["avx512", "avx2", "portable"];

    /// <summary>Kernels on a pool of their own.</summary>
    /// <param name="threads">Threads that compute, the caller's included.</param>
    /// <param name="kernels">One of <see cref="Names"/>, or null for the fastest this processor has.</param>
    /// <exception cref="PlatformNotSupportedException">The processor lacks what was asked for.</exception>
    public static IKernels Create(int threads, string? kernels = null)
    {
        var pool = new ComputePool(threads);
        try
        {
            return Create(pool, kernels, ownsPool: true);
        }
        catch
        {
            pool.Dispose();
            throw;
        }
    }

    /// <summary>Kernels on a pool that others use too, and that outlives them.</summary>
    /// <exception cref="PlatformNotSupportedException">The processor lacks what was asked for.</exception>
    public static IKernels Create(ComputePool pool, string? kernels = null) => Create(pool, kernels, ownsPool: false);

    private static IKernels Create(ComputePool pool, string? kernels, bool ownsPool)
    {
        kernels ??= Vector512.IsHardwareAccelerated ? "avx512" : Vector256.IsHardwareAccelerated && Fma.IsSupported ? "avx2" : "portable";
        return kernels switch
        {
            "avx512" when Vector512.IsHardwareAccelerated => new CpuKernels<Lanes512>(kernels, pool, ownsPool),
            "avx2" when Vector256.IsHardwareAccelerated && Fma.IsSupported => new CpuKernels<Lanes256>(kernels, pool, ownsPool),
            "portable" => new CpuKernels<Lanes128>(kernels, pool, ownsPool),
            _ when Names.Contains(kernels) => throw new PlatformNotSupportedException($"This processor cannot run the '{kernels}' kernels; leave the choice to the server or ask for 'portable'."),
            _ => throw new PlatformNotSupportedException($"Unknown kernels '{kernels}'; there are {string.Join(", ", Names)}."),
        };
    }
}
