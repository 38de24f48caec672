using System.Buffers.Binary;
using Steering.Compute;

namespace Steering.Engine.Loading;

/// <summary>
/// A safetensors file, mapped into memory with its header fully checked: every tensor's bytes lie in the file, match its shape and overlap no other's.
/// Opening it allocates no more than the file is large plus a constant; the tensors themselves are read only when asked for. Safe to read from any thread.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private readonly MappedFile? _map;
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly SafetensorsHeader _header;

    private SafetensorsFile(string path, MappedFile? map, ReadOnlyMemory<byte> memory, SafetensorsHeader header) => (Path, _map, _memory, _header) = (path, map, memory, header);

    /// <summary>The file as it was named.</summary>
    public string Path { get; }

    /// <summary>The whole file; <see cref="TensorEntry.Offset"/> counts from its start.</summary>
    /// <exception cref="InvalidOperationException">It was parsed from memory.</exception>
    public MappedFile Data => _map ?? throw new InvalidOperationException($"{Path} is in memory, not mapped");

    public IReadOnlyDictionary<string, TensorEntry> Tensors => _header.Tensors;

    /// <summary>The header's <c>__metadata__</c>; empty if it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <exception cref="ModelFormatException">The file cannot be read or is not a valid safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        var data = Map(path);
        try
        {
            return new SafetensorsFile(path, data, default, ReadHeader(path, data.Length, data.Span(0, (int)Math.Min(data.Length, 8 + SafetensorsHeader.MaxLength))));
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>A file that is already in memory, such as an upload.</summary>
    /// <exception cref="ModelFormatException">It is not a valid safetensors file.</exception>
    public static SafetensorsFile Parse(ReadOnlyMemory<byte> bytes, string nameForErrors) => new(nameForErrors, null, bytes, ReadHeader(nameForErrors, bytes.Length, bytes.Span));

    /// <summary>The tensor of this name.</summary>
    /// <exception cref="ModelFormatException">There is none.</exception>
    public TensorEntry Require(string name) =>
        _header.Tensors.TryGetValue(name, out var entry) ? entry : throw new ModelFormatException(Path, name, "no tensor has this name");

    /// <summary>The bytes of a tensor of less than 2 GiB.</summary>
    public ReadOnlySpan<byte> Bytes(TensorEntry entry) =>
        _map is null ? _memory.Span.Slice((int)entry.Offset, (int)entry.Length) : _map.Span(entry.Offset, checked((int)entry.Length));

    /// <summary>A tensor of any float type as f32; f64 is rounded to the nearest.</summary>
    /// <exception cref="ModelFormatException">No such tensor, another type, or more elements than an array holds.</exception>
    public float[] ReadFloats(string name)
    {
        var entry = RequireArray(name);
        if (!ElementTypes.IsFloat(entry.Type)) throw new ModelFormatException(Path, $"{name}.dtype", $"is {entry.TypeName}; expected one of {ElementTypes.Readable}");
        var values = new float[entry.Elements];
        FloatConversion.Widen(Bytes(entry), entry.Type, values);
        return values;
    }

    /// <summary>A tensor of type I64 or I32.</summary>
    /// <exception cref="ModelFormatException">No such tensor, another type, or more elements than an array holds.</exception>
    public long[] ReadInt64s(string name)
    {
        var entry = RequireArray(name);
        if (entry.Type is not (ElementType.Int64 or ElementType.Int32)) throw new ModelFormatException(Path, $"{name}.dtype", $"is {entry.TypeName}; expected I64 or I32");
        var bytes = Bytes(entry);
        var values = new long[entry.Elements];
        for (int i = 0; i < values.Length; i++)
            values[i] = entry.Type == ElementType.Int64 ? BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * 8)..]) : BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * 4)..]);
        return values;
    }

    public void Dispose() => _map?.Dispose();

    private static MappedFile Map(string path)
    {
        try
        {
            return MappedFile.Open(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, "file", $"cannot be read: {error.Message}", error);
        }
    }

    // start: the file's first bytes, as far as a header can reach.
    private static SafetensorsHeader ReadHeader(string path, long fileLength, ReadOnlySpan<byte> start)
    {
        if (start.Length < 8) throw new ModelFormatException(path, "header length", $"the file has {fileLength} bytes, a safetensors file at least 8");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(start), rest = (ulong)fileLength - 8;
        if (length > (ulong)SafetensorsHeader.MaxLength) throw new ModelFormatException(path, "header length", $"{length} bytes is more than the format's {SafetensorsHeader.MaxLength}");
        if (length > rest) throw new ModelFormatException(path, "header length", $"{length} bytes is more than the {rest} that follow it");
        return SafetensorsHeader.Parse(path, start.Slice(8, (int)length), 8 + (long)length, (long)(rest - length));
    }

    private TensorEntry RequireArray(string name)
    {
        var entry = Require(name);
        if (entry.Length > Array.MaxLength) throw new ModelFormatException(Path, name, $"{entry.Length} bytes is too large to read as a whole");
        return entry;
    }
}
