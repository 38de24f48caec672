using System.Text;

namespace Steering.Engine.Loading.Gguf;

/// <summary>Collects metadata and F32 tensors and writes them, in the order they were added, as a GGUF file of version 3.</summary>
public sealed class GgufWriter
{
    private const int Alignment = 32;

    private readonly OrderedDictionary<string, object> _metadata = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, (long[] Shape, float[] Values)> _tensors = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">The key is taken.</exception>
    public GgufWriter AddMetadata(string key, string value)
    {
        _metadata.Add(key, value);
        return this;
    }

    /// <exception cref="ArgumentException">The key is taken.</exception>
    public GgufWriter AddMetadata(string key, uint value)
    {
        _metadata.Add(key, value);
        return this;
    }

    /// <param name="shape">Outermost size first.</param>
    /// <exception cref="ArgumentException">The name is taken, or the shape and the number of values differ.</exception>
    public GgufWriter Add(string name, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape)
    {
        long elements = 1;
        foreach (long size in shape) elements = checked(elements * size);
        if (elements != values.Length) throw new ArgumentException($"{name}: its shape has {elements} elements, {values.Length} were given", nameof(values));
        _tensors.Add(name, (shape.ToArray(), values.ToArray()));
        return this;
    }

    public byte[] ToArray()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(GgufHeader.Magic);
        writer.Write(3u);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_metadata.Count);
        foreach (var (key, value) in _metadata)
        {
            WriteText(writer, key);
            writer.Write((uint)(value is string ? GgufValueType.String : GgufValueType.UInt32));
            if (value is string text) WriteText(writer, text);
            else writer.Write((uint)value);
        }
        long offset = 0;
        foreach (var (name, (shape, values)) in _tensors)
        {
            WriteText(writer, name);
            writer.Write((uint)shape.Length);
            // The file has the innermost size first.
            foreach (long size in shape.Reverse()) writer.Write((ulong)size);
            writer.Write(0u);
            writer.Write((ulong)offset);
            offset = Aligned(offset + values.Length * sizeof(float));
        }
        foreach (var (_, values) in _tensors.Values)
        {
            Pad(writer);
            foreach (float value in values) writer.Write(value);
        }
        // ggml's own reader wants the last tensor padded too.
        Pad(writer);
        return stream.ToArray();
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static long Aligned(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    private static void Pad(BinaryWriter writer)
    {
        long position = writer.BaseStream.Position;
        writer.Write(new byte[Aligned(position) - position]);
    }
}
