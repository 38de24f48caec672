using System.Runtime.InteropServices;

namespace Steering.Compute;

/// <summary>Memory straight from the operating system, and hints about it.</summary>
internal static partial class Pages
{
    private const int HugePageAdvice = 14; // MADV_HUGEPAGE, linux/mman.h
    private const int ReadWrite = 3, PrivateAnonymous = 0x22; // PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, linux/mman.h

    /// <summary>Asks for 2 MiB pages behind a big buffer (transparent huge pages are opt-in on most distributions); a hint only.</summary>
    public static void AdviseHuge(nint address, long bytes)
    {
        if (OperatingSystem.IsLinux()) _ = Advise(address, (nuint)bytes, HugePageAdvice);
    }

    /// <summary>Maps zeroed memory, whose pages are taken when they are first written; 0 where that is not possible here.</summary>
    public static nint Map(long bytes)
    {
        if (!OperatingSystem.IsLinux()) return 0;
        nint address = Map(0, (nuint)bytes, ReadWrite, PrivateAnonymous, -1, 0);
        return address == -1 ? 0 : address; // the allocator that is asked next says that there is no memory
    }

    public static void Unmap(nint address, long bytes) => _ = Unmap(address, (nuint)bytes);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
