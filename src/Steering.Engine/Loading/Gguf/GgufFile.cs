using Steering.Compute;

namespace Steering.Engine.Loading.Gguf;

/// <summary>
/// A GGUF file, mapped or in memory, with its header fully checked: every tensor's bytes lie in the file, match its type and shape and overlap no other's.
/// Opening it allocates no more than a constant times the header; values and tensors are read only when asked for. Safe to read from any thread.
/// </summary>
public sealed class GgufFile : IDisposable
{
    private readonly TensorData _data;
    private readonly GgufHeader _header;

    private GgufFile(TensorData data) => (_data, _header) = (data, GgufHeader.Parse(data.Path, data.Start(Array.MaxLength), data.Length));

    /// <summary>The file as it was named.</summary>
    public string Path => _data.Path;

    /// <summary>The whole file; <see cref="TensorEntry.Offset"/> counts from its start.</summary>
    /// <exception cref="InvalidOperationException">It was parsed from memory.</exception>
    public MappedFile Data => _data.Map;

    /// <summary>2 or 3.</summary>
    public int Version => (int)_header.Version;

    /// <summary>Tensors begin at multiples of so many bytes.</summary>
    public long Alignment => _header.Alignment;

    /// <summary>By name, in the file's order. Shapes are outermost first, as everywhere here and unlike in the file; a quantised tensor has the type
    /// <see cref="ElementType.Unsupported"/> and ggml's name for it.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Tensors => _header.Tensors;

    /// <summary>The metadata's keys and the types of their values, in the file's order.</summary>
    public IReadOnlyDictionary<string, GgufField> Metadata => _header.Metadata;

    /// <exception cref="ModelFormatException">The file cannot be read or is not a valid GGUF file.</exception>
    public static GgufFile Open(string path) => TensorData.Open(path, data => new GgufFile(data));

    /// <summary>A file that is already in memory, such as an upload.</summary>
    /// <exception cref="ModelFormatException">It is not a valid GGUF file.</exception>
    public static GgufFile Parse(ReadOnlyMemory<byte> bytes, string nameForErrors) => new(TensorData.Of(bytes, nameForErrors));

    /// <summary>
    /// A metadata value as the .NET type of its <see cref="GgufValueType"/>; arrays as arrays of it (<c>string[]</c>, <c>float[]</c>), arrays of arrays as <c>object[]</c>.
    /// Null where the file has no such key.
    /// </summary>
    /// <exception cref="ModelFormatException">A string in it is not valid UTF-8.</exception>
    public object? Value(string key) =>
        _header.Metadata.TryGetValue(key, out var field) ? new GgufCursor(Path, _data.Bytes(field.Offset, field.Length), field.Offset).Read(field.Type, key) : null;

    /// <summary>The bytes of a tensor of less than 2 GiB.</summary>
    public ReadOnlySpan<byte> Bytes(TensorEntry entry) => _data.Bytes(entry.Offset, entry.Length);

    /// <summary>A tensor of any float type as f32; f64 is rounded to the nearest.</summary>
    /// <exception cref="ModelFormatException">No such tensor, another type, or more elements than an array holds.</exception>
    public float[] ReadFloats(string name) =>
        _data.ReadFloats(_header.Tensors.TryGetValue(name, out var entry) ? entry : throw new ModelFormatException(Path, name, "no tensor has this name"));

    public void Dispose() => _data.Dispose();
}
