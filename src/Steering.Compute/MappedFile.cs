using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Steering.Compute;

/// <summary>
/// A file mapped into memory, read-only. Pages enter memory when they are first read and leave it with <see cref="Release"/>, so weights larger than memory
/// can be converted piece by piece. Thread-safe for reading; must not be disposed while a span or pointer into it is in use. Shortening the file on disk
/// while it is mapped ends the process at the next read beyond its new end, as with every memory map.
/// </summary>
public sealed unsafe partial class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _start;
    private bool _disposed;

    private MappedFile(string path)
    {
        Path = path;
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        try
        {
            Length = stream.Length;
            // A map of no bytes does not exist (mmap answers EINVAL).
            if (Length == 0) return;
            _map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = _map.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
            _start += _view.PointerOffset;
        }
        catch
        {
            Dispose();
            throw;
        }
        finally
        {
            // The map keeps its own reference to the file.
            stream.Dispose();
        }
    }

    /// <summary>The file as it was named to <see cref="Open"/>.</summary>
    public string Path { get; }

    /// <summary>Bytes in the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>Address of the first byte, aligned to a page; 0 for an empty file.</summary>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return (nint)_start;
        }
    }

    /// <exception cref="IOException">The file cannot be opened or mapped.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a folder.</exception>
    public static MappedFile Open(string path) => new(path);

    /// <summary>Bytes [offset, offset + length) of the file.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not all lie in the file.</exception>
    public ReadOnlySpan<byte> Span(long offset, int length) => new(Pointer(offset, length), length);

    /// <summary>Address of byte <paramref name="offset"/>, of which <paramref name="length"/> bytes may be read. No alignment beyond the file's own.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not all lie in the file.</exception>
    public byte* Pointer(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        return _start + offset;
    }

    /// <summary>
    /// Gives the memory of the pages that lie wholly in the range back to the system (docs/decisions.md 6); reading them again reads the file again.
    /// Does nothing where the system has no such call.
    /// </summary>
    public void Release(long offset, long length)
    {
        nint first = (nint)Pointer(offset, length);
        nint page = Environment.SystemPageSize;
        nint start = (first + page - 1) / page * page;
        nint end = (first + (nint)length) / page * page;
        // The tail of the last page belongs to no other data.
        if (offset + length == Length) end = (first + (nint)length + page - 1) / page * page;
        if (end <= start || !OperatingSystem.IsLinux()) return;
        // The result is advice taken or not; either way the bytes stay readable.
        _ = MemoryAdvise(start, (nuint)(end - start), DontNeed);
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (_start is not null)
        {
            _view!.SafeMemoryMappedViewHandle.ReleasePointer();
            _start = null;
        }
        _view?.Dispose();
        _map?.Dispose();
    }

    private const int DontNeed = 4;

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(nint address, nuint length, int advice);
}
