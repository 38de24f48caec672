using System.Runtime.InteropServices;

namespace Steering.Compute;

/// <summary>Owns zero-filled native memory, aligned to a cache line. Weights, KV and activations live here, never in the managed heap (2 GB limit, moving collector).</summary>
public sealed unsafe class DeviceBuffer : IDisposable
{
    private const int Alignment = 64;
    private const int HugePage = 2 << 20;
    private readonly void* _allocated;
    private void* _memory;

    /// <param name="bytes">Size; 0 is allowed.</param>
    /// <exception cref="OutOfMemoryException">The system refused the memory.</exception>
    public DeviceBuffer(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        long alignment = bytes >= HugePage ? HugePage : Alignment;
        // calloc gives big blocks fresh from the system, whose pages are zeroed one by one as they are touched: a KV cache costs nothing until it is used.
        _allocated = NativeMemory.AllocZeroed((nuint)(bytes + 2 * alignment));
        _memory = (void*)(((nint)_allocated + (nint)alignment - 1) & ~((nint)alignment - 1));
        if (alignment == HugePage) Pages.AdviseHuge((nint)_memory, bytes);
        Bytes = bytes;
    }

    public long Bytes { get; }

    /// <summary>Address of the first byte.</summary>
    public nint Address => _memory is not null ? (nint)_memory : throw new ObjectDisposedException(nameof(DeviceBuffer));

    /// <summary>The memory as values of T. Throws when it holds more than 2^31 of them.</summary>
    public Span<T> Span<T>() where T : unmanaged => new((void*)Address, checked((int)(Bytes / sizeof(T))));

    public void Dispose()
    {
        if (_memory is null) return;
        NativeMemory.Free(_allocated);
        _memory = null;
    }
}
