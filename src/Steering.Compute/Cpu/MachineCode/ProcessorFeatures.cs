using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Steering.Compute.Cpu.MachineCode;

/// <summary>Instruction sets that .NET 10 has no intrinsics for. Each implies that the system saves their registers, and Linux on x86-64, whose calling convention our code follows.</summary>
internal static partial class ProcessorFeatures
{
    private const int ArchPrctl = 158, RequestPermission = 0x1023, TileData = 18; // SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA: asm/prctl.h, Documentation/arch/x86/xstate.rst

    private static readonly bool s_isUsable = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64 && X86Base.IsSupported;
    private static readonly bool s_has512 = s_isUsable && Avx512F.IsSupported && Vector512.IsHardwareAccelerated;

    public static bool Avx512 => s_has512;

    // Bits: Intel SDM, CPUID, leaf 7.
    public static bool Avx512Vnni { get; } = s_has512 && Bit(Leaf(7, 0).Ecx, 11);
    public static bool Avx512Bf16 { get; } = s_has512 && Bit(Leaf(7, 1).Eax, 5);

    /// <summary>Tiles of bf16 and of 8-bit integers, with the permission to use their 8 KiB of state. Asking for it costs a process nothing until a thread uses tiles.</summary>
    public static bool Amx { get; } = s_has512 && Bit(Leaf(7, 0).Edx, 22) && Bit(Leaf(7, 0).Edx, 24) && Bit(Leaf(7, 0).Edx, 25) && Syscall(ArchPrctl, RequestPermission, TileData) == 0;

    private static (int Eax, int Ebx, int Ecx, int Edx) Leaf(int leaf, int subleaf) => X86Base.CpuId(0, 0).Eax >= leaf ? X86Base.CpuId(leaf, subleaf) : default;

    private static bool Bit(int register, int bit) => (register >> bit & 1) == 1;

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long Syscall(long number, long first, long second);
}
