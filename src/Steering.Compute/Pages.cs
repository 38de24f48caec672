using System.Runtime.InteropServices;

namespace Steering.Compute;

/// <summary>Hints to the operating system about memory pages. Hints only: where the call does not exist nothing happens.</summary>
internal static partial class Pages
{
    private const int HugePageAdvice = 14; // MADV_HUGEPAGE, linux/mman.h

    /// <summary>Asks for 2 MiB pages behind a big buffer (transparent huge pages are opt-in on most distributions).</summary>
    public static void AdviseHuge(nint address, long bytes)
    {
        if (OperatingSystem.IsLinux()) _ = Advise(address, (nuint)bytes, HugePageAdvice);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
