using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors.Numpy;

/// <summary>
/// Files of numpy: <c>.npy</c>, one array, and <c>.npz</c>, a zip file of such. Arrays of numbers only: objects are pickles, and are refused by name.
/// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
/// </summary>
internal static class NumpyFile
{
    private const string Extension = ".npy";

    // numpy's ARRAY_ALIGN: the elements begin at a multiple of it.
    private const int Alignment = 64;

    public static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>An array as f32 in row-major order, whatever its order and byte order in the file.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="file">For messages.</param>
    /// <exception cref="ModelFormatException">It is malformed or cut off, or its elements are no numbers.</exception>
    public static StoredArray ReadNpy(ReadOnlyMemory<byte> bytes, string file) => ReadArray(bytes.Span, file, "", new ReadBudget(file, bytes.Length));

    /// <summary>The arrays of a <c>.npz</c> file by name, in the order they were saved; positional ones are called <c>arr_0</c>, <c>arr_1</c> by numpy.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="file">For messages.</param>
    /// <exception cref="ModelFormatException">It is malformed, holds anything but arrays of numbers, or would take more than <see cref="ReadBudget"/> to read.</exception>
    public static StoredMap ReadNpz(ReadOnlyMemory<byte> bytes, string file)
    {
        var budget = new ReadBudget(file, bytes.Length);
        using var zip = ZipContents.Open(bytes, file, budget);
        var arrays = ImmutableArray.CreateBuilder<KeyValuePair<string, StoredValue>>(zip.Names.Count);
        foreach (string name in zip.Names)
        {
            if (!name.EndsWith(Extension, StringComparison.Ordinal)) throw new ModelFormatException(file, Excerpt.Of(name), "is not a .npy file; a file of numpy.savez holds nothing else");
            arrays.Add(new(name[..^Extension.Length], ReadArray(zip.Read(name), file, $"{Excerpt.Of(name)} ", budget)));
        }
        return new StoredMap(arrays.MoveToImmutable());
    }

    /// <summary>A <c>.npy</c> file, version 1.0, of f32 in row-major order.</summary>
    /// <exception cref="ArgumentException">The shape and the number of values differ.</exception>
    public static byte[] WriteNpy(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
    {
        long elements = 1;
        foreach (int size in shape) elements = checked(elements * size);
        if (elements != values.Length) throw new ArgumentException($"the shape has {elements} elements, {values.Length} values were given", nameof(values));
        string sizes = string.Join(", ", shape.ToArray()) + (shape.Length == 1 ? "," : "");
        string header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({sizes}), }}";
        int start = (Magic.Length + 4 + header.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] bytes = new byte[start + values.Length * sizeof(float)];
        Magic.CopyTo(bytes);
        bytes[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)(start - 10));
        bytes.AsSpan(10, start - 10).Fill((byte)' ');
        Encoding.ASCII.GetBytes(header, bytes.AsSpan(10));
        bytes[start - 1] = (byte)'\n';
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(start + i * sizeof(float)), values[i]);
        return bytes;
    }

    /// <summary>A <c>.npz</c> file as numpy.savez writes it, not compressed. The same arrays give the same bytes: no clock goes into it.</summary>
    /// <exception cref="ArgumentException">A name appears twice, or a shape and its number of values differ.</exception>
    public static byte[] WriteNpz(IEnumerable<(string Name, float[] Values, int[] Shape)> arrays)
    {
        using var stream = new MemoryStream();
        var names = new HashSet<string>(StringComparer.Ordinal);
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, values, shape) in arrays)
            {
                if (!names.Add(name)) throw new ArgumentException($"{name} was added before", nameof(arrays));
                var entry = zip.CreateEntry(name + Extension, CompressionLevel.NoCompression);
                // The earliest that a zip file can say, and what numpy writes.
                entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var content = entry.Open();
                content.Write(WriteNpy(values, shape));
            }
        }
        return stream.ToArray();
    }

    private static StoredArray ReadArray(ReadOnlySpan<byte> bytes, string file, string prefix, ReadBudget budget)
    {
        var header = NumpyHeader.Parse(bytes, file, prefix);
        var data = bytes[header.DataStart..];
        // Where this wraps around, the layout does not fit its bytes.
        Int128 expected = header.Type.Width;
        foreach (int size in header.Shape) expected *= size;
        if (expected != data.Length) throw new ModelFormatException(file, $"{prefix}data", $"has {data.Length} bytes; shape [{string.Join(", ", header.Shape)}] of {header.Type.Name} takes {expected}");
        var layout = new ArrayLayout(header.Type, header.IsBigEndian, 0, header.Shape, ArrayLayout.Contiguous(header.Shape, header.IsFortran));
        return layout.Read(data, budget, file, $"{prefix}shape");
    }
}
