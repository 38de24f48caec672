using System.Buffers.Binary;
using Steering.Compute;

namespace Steering.Engine.Loading;

/// <summary>
/// A safetensors file, mapped into memory with its header fully checked: every tensor's bytes lie in the file, match its shape and overlap no other's.
/// Opening it allocates no more than the file is large plus a constant; the tensors themselves are read only when asked for. Safe to read from any thread.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private readonly TensorData _data;
    private readonly SafetensorsHeader _header;

    private SafetensorsFile(TensorData data) => (_data, _header) = (data, ReadHeader(data));

    /// <summary>The file as it was named.</summary>
    public string Path => _data.Path;

    /// <summary>The whole file; <see cref="TensorEntry.Offset"/> counts from its start.</summary>
    /// <exception cref="InvalidOperationException">It was parsed from memory.</exception>
    public MappedFile Data => _data.Map;

    public IReadOnlyDictionary<string, TensorEntry> Tensors => _header.Tensors;

    /// <summary>The header's <c>__metadata__</c>; empty if it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <exception cref="ModelFormatException">The file cannot be read or is not a valid safetensors file.</exception>
    public static SafetensorsFile Open(string path) => TensorData.Open(path, data => new SafetensorsFile(data));

    /// <summary>A file that is already in memory, such as an upload.</summary>
    /// <exception cref="ModelFormatException">It is not a valid safetensors file.</exception>
    public static SafetensorsFile Parse(ReadOnlyMemory<byte> bytes, string nameForErrors) => new(TensorData.Of(bytes, nameForErrors));

    /// <summary>The tensor of this name.</summary>
    /// <exception cref="ModelFormatException">There is none.</exception>
    public TensorEntry Require(string name) =>
        _header.Tensors.TryGetValue(name, out var entry) ? entry : throw new ModelFormatException(Path, name, "no tensor has this name");

    /// <summary>The bytes of a tensor of less than 2 GiB.</summary>
    public ReadOnlySpan<byte> Bytes(TensorEntry entry) => _data.Bytes(entry.Offset, entry.Length);

    /// <summary>A tensor of any float type as f32; f64 is rounded to the nearest.</summary>
    /// <exception cref="ModelFormatException">No such tensor, another type, or more elements than an array holds.</exception>
    public float[] ReadFloats(string name) => _data.ReadFloats(Require(name));

    /// <summary>A tensor of type I64 or I32.</summary>
    /// <exception cref="ModelFormatException">No such tensor, another type, or more elements than an array holds.</exception>
    public long[] ReadInt64s(string name)
    {
        var entry = Require(name);
        _data.CheckArray(entry);
        if (entry.Type is not (ElementType.Int64 or ElementType.Int32)) throw new ModelFormatException(Path, $"{name}.dtype", $"is {entry.TypeName}; expected I64 or I32");
        var bytes = Bytes(entry);
        var values = new long[entry.Elements];
        for (int i = 0; i < values.Length; i++)
            values[i] = entry.Type == ElementType.Int64 ? BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * 8)..]) : BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * 4)..]);
        return values;
    }

    public void Dispose() => _data.Dispose();

    private static SafetensorsHeader ReadHeader(TensorData data)
    {
        string path = data.Path;
        var start = data.Start(8 + SafetensorsHeader.MaxLength);
        if (start.Length < 8) throw new ModelFormatException(path, "header length", $"the file has {data.Length} bytes, a safetensors file at least 8");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(start), rest = (ulong)data.Length - 8;
        if (length > (ulong)SafetensorsHeader.MaxLength) throw new ModelFormatException(path, "header length", $"{length} bytes is more than the format's {SafetensorsHeader.MaxLength}");
        if (length > rest) throw new ModelFormatException(path, "header length", $"{length} bytes is more than the {rest} that follow it");
        return SafetensorsHeader.Parse(path, start.Slice(8, (int)length), 8 + (long)length, (long)(rest - length));
    }
}
