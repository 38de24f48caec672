using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Steering.Compute.Cpu.MachineCode;

namespace Steering.Compute.Cpu;

/// <summary>Chooses kernels for the processor at hand. In exact numerics all choices give the same bits; they differ in speed only.</summary>
public static class CpuBackend
{
    /// <summary>
    /// Names that <see cref="Create(int, string?, Numerics, WeightStorage)"/> accepts, fastest first. <c>avx512</c> multiplies matrices by machine code of our own, <c>avx512-managed</c> without; <c>amx</c> is
    /// <c>avx512</c> with AMX for bf16 weights in fast numerics.
    /// </summary>
    public static IReadOnlyList<string> Names { get; } = ["amx", "avx512", "avx512-managed", "avx2", "portable"];

    /// <summary>Kernels on a pool of their own.</summary>
    /// <param name="threads">Threads that compute, the caller's included.</param>
    /// <param name="kernels">One of <see cref="Names"/>, or null for the fastest this processor has.</param>
    /// <param name="numerics">How activations enter matrix products.</param>
    /// <param name="storage">How weights are kept.</param>
    /// <exception cref="PlatformNotSupportedException">The processor lacks what was asked for.</exception>
    public static IKernels Create(int threads, string? kernels = null, Numerics numerics = Numerics.Exact, WeightStorage storage = WeightStorage.Stored)
    {
        var pool = new ComputePool(threads);
        try
        {
            return Create(pool, kernels, numerics, storage, ownsPool: true);
        }
        catch
        {
            pool.Dispose();
            throw;
        }
    }

    /// <summary>Kernels on a pool that others use too, and that outlives them.</summary>
    /// <exception cref="PlatformNotSupportedException">The processor lacks what was asked for.</exception>
    public static IKernels Create(ComputePool pool, string? kernels = null, Numerics numerics = Numerics.Exact, WeightStorage storage = WeightStorage.Stored) => Create(pool, kernels, numerics, storage, ownsPool: false);

    private static IKernels Create(ComputePool pool, string? kernels, Numerics numerics, WeightStorage storage, bool ownsPool)
    {
        bool isAvx2 = Vector256.IsHardwareAccelerated && Fma.IsSupported, isAvx512 = isAvx2 && Vector512.IsHardwareAccelerated;
        kernels ??= AmxWorks ? "amx" : MachineCodeWorks ? "avx512" : isAvx512 ? "avx512-managed" : isAvx2 ? "avx2" : "portable";
        return kernels switch
        {
            "amx" when AmxWorks => new CpuKernels<Lanes512>(kernels, numerics, storage, ProductCode.Amx, pool, ownsPool),
            "avx512" when MachineCodeWorks => new CpuKernels<Lanes512>(kernels, numerics, storage, ProductCode.Avx512, pool, ownsPool),
            "avx512-managed" when isAvx512 => new CpuKernels<Lanes512>(kernels, numerics, storage, ProductCode.Managed, pool, ownsPool),
            "avx2" when isAvx2 => new CpuKernels<Lanes256>(kernels, numerics, storage, ProductCode.Managed, pool, ownsPool),
            "portable" => new CpuKernels<Lanes128>(kernels, numerics, storage, ProductCode.Managed, pool, ownsPool),
            "amx" or "avx512" when isAvx512 && (kernels == "avx512" || ProcessorFeatures.Amx) => throw new PlatformNotSupportedException($"The '{kernels}' kernels need executable memory, which this system forbids, or failed their self-test; leave the choice to the server or ask for 'avx512-managed'."),
            _ when Names.Contains(kernels) => throw new PlatformNotSupportedException($"This processor cannot run the '{kernels}' kernels; leave the choice to the server or ask for 'portable'."),
            _ => throw new PlatformNotSupportedException($"Unknown kernels '{kernels}'; there are {string.Join(", ", Names)}."),
        };
    }

    private static bool AmxWorks => MachineCodeWorks && TileSelfTest.PassesAmx;

    /// <summary>Whether our code has AVX-512 to use, memory can be made executable here, and what is computed there is right.</summary>
    private static bool MachineCodeWorks { get; } = ProcessorFeatures.Avx512 && TileSelfTest.Passes;
}
