using System.Collections.Immutable;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors;

/// <summary>Where the elements of an array lie in the bytes that hold them: a view such as a transposed matrix, a row of a larger one, or one number repeated.</summary>
/// <param name="Type">Of the elements.</param>
/// <param name="IsBigEndian">Whether their bytes are in network order.</param>
/// <param name="Offset">Element that is first.</param>
/// <param name="Shape">Sizes, outermost first; at most <see cref="MaxDimensions"/>.</param>
/// <param name="Strides">Elements from one index of a dimension to the next; 0 repeats.</param>
internal sealed record ArrayLayout(StoredType Type, bool IsBigEndian, long Offset, ImmutableArray<int> Shape, ImmutableArray<long> Strides)
{
    /// <summary>Directions need two dimensions, stacks of them three; more than this is never a vector.</summary>
    public const int MaxDimensions = 8;

    // What an array takes beside its elements, with the arrays that are made on the way.
    private const int Cost = 1024;

    /// <summary>Strides of a contiguous array.</summary>
    /// <param name="isFortran">Whether the first index runs fastest, not the last.</param>
    public static ImmutableArray<long> Contiguous(ImmutableArray<int> shape, bool isFortran)
    {
        long[] strides = new long[shape.Length];
        long stride = 1;
        for (int i = 0; i < strides.Length; i++)
        {
            int dimension = isFortran ? i : strides.Length - 1 - i;
            strides[dimension] = stride;
            // Where this would overflow, the array does not fit its bytes, which Read refuses.
            stride = unchecked(stride * shape[dimension]);
        }
        return [.. strides];
    }

    /// <summary>The elements, row-major.</summary>
    /// <param name="storage">The bytes they lie in.</param>
    /// <param name="budget">What they are taken from.</param>
    /// <param name="file">For messages.</param>
    /// <param name="field">For messages.</param>
    /// <exception cref="ModelFormatException">The layout reaches outside the storage, or has more elements than the budget allows.</exception>
    public StoredArray Read(ReadOnlySpan<byte> storage, ReadBudget budget, string file, string field)
    {
        int count = Elements(storage.Length / Type.Width, file, field);
        bool isInOrder = IsInOrder(), isCopied = !isInOrder || IsBigEndian;
        budget.Take(Cost + (long)count * (sizeof(float) + (isCopied ? Type.Width : 0)), field);
        var bytes = count == 0 ? [] : storage[(int)(Offset * Type.Width)..];
        if (!isInOrder) bytes = Gather(bytes, count);
        if (IsBigEndian) bytes = Reverse(bytes[..(count * Type.Width)]);
        float[] values = new float[count];
        FloatConversion.Widen(bytes, Type.Element, values);
        return new StoredArray(Shape, Type.Name, values);
    }

    private int Elements(long stored, string file, string field)
    {
        if (Shape.Length > MaxDimensions) throw new ModelFormatException(file, field, $"has {Shape.Length} dimensions; at most {MaxDimensions} are read");
        if (Shape.Length != Strides.Length) throw new ModelFormatException(file, field, $"has {Shape.Length} sizes and {Strides.Length} strides; expected as many of each");
        if (Shape.Any(size => size < 0) || Strides.Any(stride => stride < 0) || Offset < 0)
            throw new ModelFormatException(file, field, $"has a negative size, stride or offset: shape {Text(Shape)}, strides {Text(Strides)}, offset {Offset}");
        if (Shape.Contains(0)) return 0;
        Int128 count = 1, last = Offset;
        for (int i = 0; i < Shape.Length; i++)
        {
            count *= Shape[i];
            last += (Int128)(Shape[i] - 1) * Strides[i];
            if (count > Array.MaxLength) throw new ModelFormatException(file, field, $"has shape {Text(Shape)}, which is more elements than can be read");
        }
        if (last >= stored)
            throw new ModelFormatException(file, field, $"reaches element {last} of a storage of {stored}: shape {Text(Shape)}, strides {Text(Strides)}, offset {Offset}");
        return (int)count;
    }

    // A dimension of size 1 is never stepped along, so its stride may be anything.
    private bool IsInOrder()
    {
        var inOrder = Contiguous(Shape, isFortran: false);
        for (int i = 0; i < Shape.Length; i++)
            if (Shape[i] > 1 && Strides[i] != inOrder[i]) return false;
        return true;
    }

    private byte[] Gather(ReadOnlySpan<byte> bytes, int count)
    {
        byte[] gathered = new byte[count * Type.Width];
        Span<int> index = stackalloc int[Shape.Length];
        long at = 0;
        for (int i = 0; i < count; i++)
        {
            bytes.Slice((int)at * Type.Width, Type.Width).CopyTo(gathered.AsSpan(i * Type.Width));
            for (int dimension = Shape.Length - 1; dimension >= 0; dimension--)
            {
                at += Strides[dimension];
                if (++index[dimension] < Shape[dimension]) break;
                at -= Strides[dimension] * Shape[dimension];
                index[dimension] = 0;
            }
        }
        return gathered;
    }

    private byte[] Reverse(ReadOnlySpan<byte> bytes)
    {
        byte[] reversed = bytes.ToArray();
        for (int i = 0; i < reversed.Length; i += Type.Width) reversed.AsSpan(i, Type.Width).Reverse();
        return reversed;
    }

    private static string Text<T>(ImmutableArray<T> numbers) => $"[{string.Join(", ", numbers)}]";
}
