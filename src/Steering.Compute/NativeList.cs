using System.Runtime.InteropServices;

namespace Steering.Compute;

/// <summary>A growable array in native memory, reused from step to step: kernels read it by address, filling it allocates nothing once it has its size.</summary>
public sealed unsafe class NativeList<T>(int capacity = 64) : IDisposable where T : unmanaged
{
    private T* _items = (T*)NativeMemory.Alloc((nuint)capacity, (nuint)sizeof(T));
    private int _capacity = capacity;

    public int Count { get; private set; }

    /// <summary>Address of the first item; valid until the list grows or is disposed.</summary>
    public nint Address => (nint)_items;

    public ReadOnlySpan<T> Items => new(_items, Count);

    public ref T this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count);
            return ref _items[index];
        }
    }

    public void Add(T item)
    {
        if (Count == _capacity)
        {
            _capacity *= 2;
            _items = (T*)NativeMemory.Realloc(_items, (nuint)((long)_capacity * sizeof(T)));
        }
        _items[Count++] = item;
    }

    public void Clear() => Count = 0;

    public void Dispose()
    {
        NativeMemory.Free(_items);
        _items = null;
        Count = _capacity = 0;
    }
}
