using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Steering.Engine.Loading.Gguf;

/// <summary>
/// The header of a GGUF file of version 2 or 3, read and checked in one pass: metadata, then what each tensor is and where. Values are passed over, not kept, and
/// limits keep what it allocates within the size of the file plus a constant, however the file lies.
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
/// </summary>
/// <param name="Version">2 or 3; they differ only in that 3 may be big-endian, which is refused.</param>
/// <param name="Alignment">Of the tensors' offsets, from <c>general.alignment</c>.</param>
internal sealed record GgufHeader(uint Version, uint Alignment, Dictionary<string, GgufField> Metadata, Dictionary<string, TensorEntry> Tensors)
{
    private const int MaxFields = 65_536;
    private const int MaxTensors = 131_072;
    private const int MaxNameLength = 512;
    private const int MaxDimensions = 4;
    private const string AlignmentKey = "general.alignment";

    /// <summary>A file begins with this.</summary>
    public static ReadOnlySpan<byte> Magic => "GGUF"u8;

    /// <param name="file">For messages.</param>
    /// <param name="start">The file's first bytes, as far as a header can reach.</param>
    /// <param name="fileLength">How long the file is.</param>
    /// <exception cref="ModelFormatException">Anything is not as the format says.</exception>
    public static GgufHeader Parse(string file, ReadOnlySpan<byte> start, long fileLength)
    {
        if (!start.StartsWith(Magic)) throw new ModelFormatException(file, "magic", "the file does not begin with GGUF");
        var cursor = new GgufCursor(file, start[4..], 4);
        uint version = cursor.ReadUInt32("version");
        if (version is not (2 or 3))
            throw new ModelFormatException(file, "version", BinaryPrimitives.ReverseEndianness(version) is 2 or 3 ? "the file is big-endian; expected little-endian: convert it again"
                : $"is {version}; expected 2 or 3: convert the file again with a current gguf package");
        // A field has at least its key's length, type and a byte; a tensor its name's length, number of dimensions, type and offset.
        ulong tensors = cursor.ReadUInt64("tensor count");
        int fields = cursor.ReadCount("metadata count", 13);
        if (fields > MaxFields) throw new ModelFormatException(file, "metadata count", $"is {fields}; at most {MaxFields} are read");
        if (tensors > MaxTensors || tensors * 24 > (ulong)start.Length)
            throw new ModelFormatException(file, "tensor count", $"is {tensors}; a file of {fileLength} bytes holds at most {Math.Min(MaxTensors, start.Length / 24)}");

        var metadata = ReadMetadata(file, ref cursor, fields);
        uint alignment = ReadAlignment(file, start, metadata);
        var infos = new (string Name, GgmlType Type, ImmutableArray<long> Shape, ulong Offset)[(int)tensors];
        for (int i = 0; i < infos.Length; i++) infos[i] = ReadTensor(file, ref cursor);
        long data = (cursor.Position + alignment - 1) / alignment * alignment;
        return new GgufHeader(version, alignment, metadata, Place(file, infos, data, fileLength, alignment));
    }

    private static Dictionary<string, GgufField> ReadMetadata(string file, ref GgufCursor cursor, int count)
    {
        var metadata = new Dictionary<string, GgufField>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            string key = cursor.ReadText("metadata key", MaxNameLength);
            var type = cursor.ReadType(key);
            long offset = cursor.Position;
            cursor.Skip(type, key);
            if (!metadata.TryAdd(key, new GgufField(type, offset, (int)(cursor.Position - offset)))) throw new ModelFormatException(file, key, "appears twice in the metadata");
        }
        return metadata;
    }

    private static uint ReadAlignment(string file, ReadOnlySpan<byte> start, Dictionary<string, GgufField> metadata)
    {
        if (!metadata.TryGetValue(AlignmentKey, out var field)) return 32;
        if (field.Type != GgufValueType.UInt32) throw new ModelFormatException(file, AlignmentKey, $"is of type {field.Type}; expected UInt32");
        uint alignment = BinaryPrimitives.ReadUInt32LittleEndian(start[(int)field.Offset..]);
        return uint.IsPow2(alignment) ? alignment : throw new ModelFormatException(file, AlignmentKey, $"is {alignment}; expected a power of two");
    }

    private static (string Name, GgmlType Type, ImmutableArray<long> Shape, ulong Offset) ReadTensor(string file, ref GgufCursor cursor)
    {
        string name = cursor.ReadText("tensor name", MaxNameLength);
        if (name.Length == 0 || name.AsSpan().ContainsAnyInRange('\0', '\x1f')) throw new ModelFormatException(file, "tensor name", "is empty or holds control characters");
        uint dimensions = cursor.ReadUInt32(name);
        if (dimensions > MaxDimensions) throw new ModelFormatException(file, name, $"has {dimensions} dimensions; ggml has at most {MaxDimensions}");
        var shape = new long[dimensions];
        // The file has the innermost size first.
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            ulong size = cursor.ReadUInt64(name);
            shape[i] = size <= long.MaxValue ? (long)size : throw new ModelFormatException(file, name, $"has a size of {size}; expected at most 2^63 - 1");
        }
        var type = GgmlType.Of(cursor.ReadUInt32(name));
        return (name, type, [.. shape], cursor.ReadUInt64(name));
    }

    private static Dictionary<string, TensorEntry> Place(
        string file, (string Name, GgmlType Type, ImmutableArray<long> Shape, ulong Offset)[] infos, long data, long fileLength, uint alignment)
    {
        var tensors = new Dictionary<string, TensorEntry>(infos.Length, StringComparer.Ordinal);
        long room = Math.Max(0, fileLength - data);
        foreach (var (name, type, shape, offset) in infos)
        {
            long length = LengthOf(file, name, type, shape);
            if (offset % alignment != 0) throw new ModelFormatException(file, name, $"begins at byte {offset} of the data; expected a multiple of {alignment}");
            if (offset > (ulong)room || length > room - (long)offset)
                throw new ModelFormatException(file, name, $"takes {length} bytes from byte {offset} of the data on; the file has {room} there: it is cut short or lies");
            if (!tensors.TryAdd(name, new TensorEntry(name, type.Element, type.Name, shape, data + (long)offset, length)))
                throw new ModelFormatException(file, name, "appears twice among the tensors");
        }
        long end = 0;
        foreach (var entry in tensors.Values.Where(entry => entry.Length > 0).OrderBy(entry => entry.Offset))
        {
            if (entry.Offset < end) throw new ModelFormatException(file, entry.Name, "overlaps another tensor");
            end = entry.Offset + entry.Length;
        }
        return tensors;
    }

    // 0 for a type that is not known: how long such a tensor is, only its user could say.
    private static long LengthOf(string file, string name, GgmlType type, ImmutableArray<long> shape)
    {
        UInt128 elements = 1;
        foreach (long size in shape)
        {
            elements *= (UInt128)size;
            // No block has more bytes per element than 8.
            if (elements > long.MaxValue / 8) throw new ModelFormatException(file, name, $"has more elements than can be counted: [{string.Join(", ", shape)}]");
        }
        if (type.BlockElements == 0) return 0;
        long innermost = shape.IsEmpty ? 1 : shape[^1];
        if (innermost % type.BlockElements != 0)
            throw new ModelFormatException(file, name, $"has rows of {innermost} elements; expected a multiple of {type.BlockElements}, the block of {type.Name}");
        return (long)elements / type.BlockElements * type.BlockBytes;
    }
}
