using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Steering.Engine.Loading.Gguf;

/// <summary>Reads a GGUF header from its start to its end; nothing is read or allocated that the file does not hold.</summary>
/// <param name="file">For messages.</param>
/// <param name="bytes">The header, from byte <paramref name="start"/> of the file on.</param>
internal ref struct GgufCursor(string file, ReadOnlySpan<byte> bytes, long start = 0)
{
    /// <summary>Arrays of arrays end here; no file in use has any.</summary>
    private const int MaxDepth = 4;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _position;

    /// <summary>The next byte, counted from the start of the file.</summary>
    public readonly long Position => start + _position;

    private readonly int Rest => _bytes.Length - _position;

    /// <param name="field">What is being read, for messages.</param>
    public uint ReadUInt32(string field) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, field));

    public ulong ReadUInt64(string field) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, field));

    /// <summary>A string, which must be valid UTF-8.</summary>
    public string ReadText(string field, int most = int.MaxValue)
    {
        ulong length = ReadUInt64(field);
        if (length > (ulong)most) throw Bad(field, $"is {length} bytes long; at most {most} are read");
        var text = Take(length, field);
        return Utf8.IsValid(text) ? Encoding.UTF8.GetString(text) : throw Bad(field, "is not valid UTF-8");
    }

    /// <summary>A number of things that take at least so many bytes each.</summary>
    public int ReadCount(string field, int leastBytes)
    {
        ulong count = ReadUInt64(field);
        return count <= (ulong)(Rest / leastBytes) ? (int)count
            : throw Bad(field, $"says {count}, which would take at least {(UInt128)count * (UInt128)leastBytes} bytes; {Rest} follow");
    }

    public GgufValueType ReadType(string field)
    {
        uint number = ReadUInt32(field);
        return number <= (uint)GgufValueType.Float64 ? (GgufValueType)number : throw Bad(field, $"has a value of type {number}; GGUF has types 0 to {(int)GgufValueType.Float64}");
    }

    /// <summary>Passes over a value and checks that the file holds it.</summary>
    public void Skip(GgufValueType type, string field, int depth = 0)
    {
        if (type == GgufValueType.String) Take(ReadUInt64(field), field);
        else if (type != GgufValueType.Array) Take((ulong)Width(type), field);
        else
        {
            var (element, count) = ReadArrayStart(field, depth);
            if (element is not (GgufValueType.String or GgufValueType.Array)) Take((ulong)count * (ulong)Width(element), field);
            else for (int i = 0; i < count; i++) Skip(element, field, depth + 1);
        }
    }

    /// <summary>A value as its .NET type; arrays as arrays of it (<c>float[]</c>, <c>string[]</c>), arrays of arrays as <c>object[]</c>.</summary>
    public object Read(GgufValueType type, string field, int depth = 0)
    {
        switch (type)
        {
            case GgufValueType.String: return ReadText(field);
            case GgufValueType.UInt8: return Take(1, field)[0];
            case GgufValueType.Int8: return (sbyte)Take(1, field)[0];
            case GgufValueType.Bool: return Take(1, field)[0] != 0;
            case GgufValueType.UInt16: return BinaryPrimitives.ReadUInt16LittleEndian(Take(2, field));
            case GgufValueType.Int16: return BinaryPrimitives.ReadInt16LittleEndian(Take(2, field));
            case GgufValueType.UInt32: return ReadUInt32(field);
            case GgufValueType.Int32: return (int)ReadUInt32(field);
            case GgufValueType.Float32: return BinaryPrimitives.ReadSingleLittleEndian(Take(4, field));
            case GgufValueType.UInt64: return ReadUInt64(field);
            case GgufValueType.Int64: return (long)ReadUInt64(field);
            case GgufValueType.Float64: return BinaryPrimitives.ReadDoubleLittleEndian(Take(8, field));
            case GgufValueType.Array:
                var (element, count) = ReadArrayStart(field, depth);
                var values = Array.CreateInstance(ClassOf(element), count);
                for (int i = 0; i < count; i++) values.SetValue(Read(element, field, depth + 1), i);
                return values;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, null);
        }
    }

    private (GgufValueType Element, int Count) ReadArrayStart(string field, int depth)
    {
        if (depth == MaxDepth) throw Bad(field, $"has arrays in arrays, more than {MaxDepth} deep");
        var element = ReadType(field);
        return (element, ReadCount(field, Width(element)));
    }

    private ReadOnlySpan<byte> Take(ulong length, string field)
    {
        if (length > (ulong)Rest) throw Bad(field, $"takes {length} bytes at byte {Position}; {Rest} follow");
        var taken = _bytes.Slice(_position, (int)length);
        _position += (int)length;
        return taken;
    }

    // Bytes of a value, or the fewest it can have: a string has its length, an array the type and number of its elements.
    private static int Width(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.Array => 12,
        _ => 8,
    };

    private static Type ClassOf(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 => typeof(byte),
        GgufValueType.Int8 => typeof(sbyte),
        GgufValueType.UInt16 => typeof(ushort),
        GgufValueType.Int16 => typeof(short),
        GgufValueType.UInt32 => typeof(uint),
        GgufValueType.Int32 => typeof(int),
        GgufValueType.Float32 => typeof(float),
        GgufValueType.Bool => typeof(bool),
        GgufValueType.String => typeof(string),
        GgufValueType.UInt64 => typeof(ulong),
        GgufValueType.Int64 => typeof(long),
        GgufValueType.Float64 => typeof(double),
        _ => typeof(object),
    };

    private readonly ModelFormatException Bad(string field, string message) => new(file, field, message);
}
