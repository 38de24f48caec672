namespace Steering.Compute.Cpu;

/// <summary>What multiplies matrices on a processor with AVX-512.</summary>
internal enum ProductCode
{
    /// <summary>Managed kernels, as on every other processor.</summary>
    Managed,

    /// <summary>Machine code in vector registers.</summary>
    Avx512,

    /// <summary>The same, and bf16 weights in the tile registers of AMX where rows may be rounded.</summary>
    Amx,
}
