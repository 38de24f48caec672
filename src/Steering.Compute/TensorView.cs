using System.Runtime.CompilerServices;

namespace Steering.Compute;

/// <summary>A matrix of f32 in a <see cref="DeviceBuffer"/> that somebody else owns: [Rows, Columns], rows Stride values apart.</summary>
/// <remarks>Rows are padded to 16 values; the padding is zero and stays zero, so kernels may read it.</remarks>
public readonly unsafe struct TensorView(nint address, int rows, int columns, int stride)
{
    /// <summary>Row lengths are rounded up to this many values (one AVX-512 register).</summary>
    public const int RowPadding = 16;

    public nint Address => address;
    public int Rows => rows;
    public int Columns => columns;
    public int Stride => stride;

    public static int Padded(int columns) => (columns + RowPadding - 1) / RowPadding * RowPadding;

    public Span<float> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)rows);
        return new Span<float>((float*)address + (long)row * stride, columns);
    }

    /// <summary>The first <paramref name="count"/> rows.</summary>
    public TensorView Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)rows);
        return new TensorView(address, count, columns, stride);
    }

    /// <summary>Columns [first, first + count) of every row.</summary>
    public TensorView Slice(int first, int count)
    {
        if (first < 0 || count < 0 || first + count > columns) throw new ArgumentOutOfRangeException(nameof(first));
        return new TensorView(address + first * sizeof(float), rows, count, stride);
    }

    /// <summary>Copies all rows into another view of this shape.</summary>
    public void CopyTo(TensorView destination)
    {
        for (int row = 0; row < rows; row++) Row(row).CopyTo(destination.Row(row));
    }

    /// <summary>Makes all values zero.</summary>
    public void Clear()
    {
        for (int row = 0; row < rows; row++) Row(row).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal float* Pointer(int row) => (float*)address + (long)row * stride;
}
