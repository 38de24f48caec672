using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Steering.Engine.Loading;

/// <summary>
/// Collects tensors and writes them as a safetensors file. The same content gives the same bytes whatever the order it was added in: metadata first, tensors by name
/// (ordinal), data 8-byte aligned at its start.
/// </summary>
public sealed class SafetensorsWriter
{
    private readonly SortedDictionary<string, (string Type, long[] Shape, byte[] Bytes)> _tensors = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _metadata = new(StringComparer.Ordinal);

    /// <summary>Adds an F32 tensor.</summary>
    /// <exception cref="ArgumentException">The name is taken, or the shape and the number of values differ.</exception>
    public SafetensorsWriter Add(string name, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape)
    {
        var bytes = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * 4), values[i]);
        return Add(name, "F32", bytes, shape);
    }

    /// <summary>Adds an I64 tensor.</summary>
    /// <exception cref="ArgumentException">The name is taken, or the shape and the number of values differ.</exception>
    public SafetensorsWriter Add(string name, ReadOnlySpan<long> values, params ReadOnlySpan<long> shape)
    {
        var bytes = new byte[values.Length * sizeof(long)];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * 8), values[i]);
        return Add(name, "I64", bytes, shape);
    }

    /// <summary>Adds bytes of any type that safetensors knows.</summary>
    /// <exception cref="ArgumentException">The name is taken, or the shape and the number of bytes differ.</exception>
    public SafetensorsWriter Add(string name, string type, byte[] bytes, params ReadOnlySpan<long> shape)
    {
        int width = ElementTypes.Parse(type).Width;
        if (width == 0) throw new ArgumentException($"{type} is not a type of safetensors", nameof(type));
        long expected = width;
        foreach (long size in shape) expected = checked(expected * size);
        if (expected != bytes.Length) throw new ArgumentException($"{name}: its shape takes {expected} bytes, {bytes.Length} were given", nameof(bytes));
        if (!_tensors.TryAdd(name, (type, shape.ToArray(), bytes))) throw new ArgumentException($"{name} was added before", nameof(name));
        return this;
    }

    public SafetensorsWriter AddMetadata(string key, string value)
    {
        _metadata[key] = value;
        return this;
    }

    public void Write(Stream stream)
    {
        byte[] header = Header();
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var tensor in _tensors.Values) stream.Write(tensor.Bytes);
    }

    public byte[] ToArray()
    {
        using var stream = new MemoryStream();
        Write(stream);
        return stream.ToArray();
    }

    private byte[] Header()
    {
        var buffer = new ArrayBufferWriter<byte>();
        // Readers of other languages handle plain UTF-8 best; nothing here is ever put into HTML.
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (_metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in _metadata) json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            foreach (var (name, tensor) in _tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", tensor.Type);
                WriteNumbers(json, "shape", tensor.Shape);
                WriteNumbers(json, "data_offsets", [offset, offset + tensor.Bytes.Length]);
                json.WriteEndObject();
                offset += tensor.Bytes.Length;
            }
            json.WriteEndObject();
        }
        // Padding with blanks, as the reference writer does, aligns the data.
        while (buffer.WrittenCount % 8 != 0) buffer.Write(" "u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
