using System.Runtime.InteropServices;

namespace Steering.Compute.Cpu.MachineCode;

/// <summary>Machine code in pages of its own: written first, then made executable and read-only, never both.</summary>
internal sealed partial class ExecutableMemory : IDisposable
{
    private const int ReadExecute = 5; // PROT_READ | PROT_EXEC, linux/mman.h
    private readonly long _bytes;

    private ExecutableMemory(nint address, long bytes) => (Address, _bytes) = (address, bytes);

    /// <summary>The first instruction.</summary>
    public nint Address { get; private set; }

    /// <summary>Null where the system forbids executable memory (SELinux execmem, systemd's MemoryDenyWriteExecute) or is not Linux: then managed kernels do the work.</summary>
    public static ExecutableMemory? TryCreate(ReadOnlySpan<byte> code)
    {
        long bytes = (code.Length + Environment.SystemPageSize - 1L) / Environment.SystemPageSize * Environment.SystemPageSize;
        nint address = Pages.Map(bytes);
        if (address == 0) return null;
        Marshal.Copy(code.ToArray(), 0, address, code.Length);
        if (Protect(address, (nuint)bytes, ReadExecute) == 0) return new ExecutableMemory(address, bytes);
        Pages.Unmap(address, bytes);
        return null;
    }

    public void Dispose()
    {
        if (Address == 0) return;
        Pages.Unmap(Address, _bytes);
        Address = 0;
    }

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);
}
