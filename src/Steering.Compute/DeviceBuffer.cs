using System.Runtime.InteropServices;

namespace Steering.Compute;

/// <summary>
/// Owns zero-filled native memory, aligned to a cache line. Weights, KV and activations live here, never in the managed heap (2 GB limit, moving collector). All but small buffers are mapped: their pages
/// are zeroed one by one as they are touched, so a KV cache costs nothing until it is used, and they go back to the system when a model is unloaded; the C library would keep them in the arenas of its threads.
/// </summary>
public sealed unsafe class DeviceBuffer : IDisposable
{
    private const int Alignment = 64;
    private const int HugePage = 2 << 20;
    private const int MappedFrom = 64 << 10;
    private readonly nint _allocated;
    private readonly long _allocatedBytes;
    private readonly bool _isMapped;
    private void* _memory;

    /// <param name="bytes">Size; 0 is allowed.</param>
    /// <exception cref="OutOfMemoryException">The system refused the memory.</exception>
    public DeviceBuffer(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        long alignment = bytes >= HugePage ? HugePage : Alignment;
        _allocatedBytes = bytes + 2 * alignment;
        _allocated = bytes >= MappedFrom ? Pages.Map(_allocatedBytes) : 0;
        _isMapped = _allocated != 0;
        if (!_isMapped) _allocated = (nint)NativeMemory.AllocZeroed((nuint)_allocatedBytes);
        _memory = (void*)((_allocated + (nint)alignment - 1) & ~((nint)alignment - 1));
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
        _memory = null;
        if (_isMapped) Pages.Unmap(_allocated, _allocatedBytes);
        else NativeMemory.Free((void*)_allocated);
    }
}
