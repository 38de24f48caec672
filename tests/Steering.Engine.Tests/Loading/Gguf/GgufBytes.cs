using System.Text;

namespace Steering.Engine.Tests.Loading.Gguf;

/// <summary>Writes GGUF files byte by byte, lies included: the plain twin of GgufWriter.</summary>
internal sealed class GgufBytes
{
    private readonly MemoryStream _fields = new();
    private readonly MemoryStream _tensors = new();
    private ulong _fieldCount, _tensorCount;

    public uint Version { get; init; } = 3;
    public ulong? TensorCount { get; init; }
    public ulong? FieldCount { get; init; }

    /// <param name="value">Writes the value after its type.</param>
    public GgufBytes Field(string key, uint type, Action<BinaryWriter> value)
    {
        using var writer = new BinaryWriter(_fields, Encoding.UTF8, leaveOpen: true);
        WriteText(writer, key);
        writer.Write(type);
        value(writer);
        _fieldCount++;
        return this;
    }

    /// <param name="sizes">Innermost first, as in the file.</param>
    public GgufBytes Tensor(string name, uint type, ulong offset, params ulong[] sizes)
    {
        using var writer = new BinaryWriter(_tensors, Encoding.UTF8, leaveOpen: true);
        WriteText(writer, name);
        writer.Write((uint)sizes.Length);
        foreach (ulong size in sizes) writer.Write(size);
        writer.Write(type);
        writer.Write(offset);
        _tensorCount++;
        return this;
    }

    /// <param name="data">Follows the header after padding to <paramref name="alignment"/>.</param>
    public byte[] ToArray(byte[]? data = null, int alignment = 32)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write(TensorCount ?? _tensorCount);
        writer.Write(FieldCount ?? _fieldCount);
        writer.Write(_fields.ToArray());
        writer.Write(_tensors.ToArray());
        while (stream.Length % alignment != 0) writer.Write((byte)0);
        writer.Write(data ?? []);
        return stream.ToArray();
    }

    public static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }
}
