using Steering.Compute;

namespace Steering.Engine.Loading;

/// <summary>The bytes of a file of tensors, mapped or already in memory, and its tensors as arrays. Safe to read from any thread.</summary>
internal sealed class TensorData : IDisposable
{
    private readonly MappedFile? _map;
    private readonly ReadOnlyMemory<byte> _memory;

    private TensorData(string path, MappedFile? map, ReadOnlyMemory<byte> memory) => (Path, _map, _memory) = (path, map, memory);

    public string Path { get; }

    public long Length => _map?.Length ?? _memory.Length;

    /// <exception cref="InvalidOperationException">The file was parsed from memory.</exception>
    public MappedFile Map => _map ?? throw new InvalidOperationException($"{Path} is in memory, not mapped");

    /// <summary>Maps a file and reads its header; the map is given back where the header is refused.</summary>
    /// <param name="read">Makes the owner of the data.</param>
    /// <exception cref="ModelFormatException">The file cannot be read, or its header is refused.</exception>
    public static T Open<T>(string path, Func<TensorData, T> read)
    {
        var data = new TensorData(path, Mapped(path), default);
        try
        {
            return read(data);
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    public static TensorData Of(ReadOnlyMemory<byte> bytes, string nameForErrors) => new(nameForErrors, null, bytes);

    /// <summary>The file's first bytes, <paramref name="most"/> of them if it has so many.</summary>
    public ReadOnlySpan<byte> Start(long most) => Bytes(0, Math.Min(Length, most));

    /// <summary>Bytes [offset, offset + length), less than 2 GiB.</summary>
    public ReadOnlySpan<byte> Bytes(long offset, long length) =>
        _map is null ? _memory.Span.Slice(checked((int)offset), checked((int)length)) : _map.Span(offset, checked((int)length));

    /// <summary>A tensor of any float type as f32; f64 is rounded to the nearest.</summary>
    /// <exception cref="ModelFormatException">Another type, or more elements than an array holds.</exception>
    public float[] ReadFloats(TensorEntry entry)
    {
        CheckArray(entry);
        if (!ElementTypes.IsFloat(entry.Type)) throw new ModelFormatException(Path, $"{entry.Name}.dtype", $"is {entry.TypeName}; expected one of {ElementTypes.Readable}");
        var values = new float[entry.Elements];
        FloatConversion.Widen(Bytes(entry.Offset, entry.Length), entry.Type, values);
        return values;
    }

    /// <exception cref="ModelFormatException">The tensor is too long for an array.</exception>
    public void CheckArray(TensorEntry entry)
    {
        if (entry.Length > Array.MaxLength) throw new ModelFormatException(Path, entry.Name, $"{entry.Length} bytes is too large to read as a whole");
    }

    public void Dispose() => _map?.Dispose();

    private static MappedFile Mapped(string path)
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
}
