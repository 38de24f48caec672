using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors.Torch;

/// <summary>A position in a pickle's bytes, and the operands that are read from there.</summary>
/// <param name="file">For messages.</param>
/// <param name="bytes">The pickle.</param>
/// <param name="budget">What texts are taken from.</param>
internal sealed class PickleInput(string file, byte[] bytes, ReadBudget budget)
{
    public const string Name = "data.pkl";

    private int _at;
    private int _opcodeAt;

    public string File => file;

    /// <summary>Where the current instruction is, for messages.</summary>
    public string Field => $"{Name} at byte {_opcodeAt}";

    public int Left => bytes.Length - _at;

    public PickleOpcode Opcode()
    {
        _opcodeAt = _at;
        return (PickleOpcode)Byte();
    }

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>Network order, unlike the integers.</summary>
    public double Double() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    /// <summary>A signed number of so many bytes; none of them are 0.</summary>
    public long Long(byte length)
    {
        if (length > 8) throw Bad($"holds a whole number of {length} bytes; at most 8 are read");
        var number = Take(length);
        long value = length > 0 && (number[^1] & 0x80) != 0 ? -1 : 0;
        for (int i = length - 1; i >= 0; i--) value = (value << 8) | number[i];
        return value;
    }

    public string Text(ulong length) => Decode(Take(length));

    /// <summary>What stands before the next line feed, which is passed over.</summary>
    public string Line()
    {
        int length = bytes.AsSpan(_at).IndexOf((byte)'\n');
        if (length < 0) throw Bad("has a line that does not end");
        string line = Decode(Take((ulong)length));
        _at++;
        return line;
    }

    public ModelFormatException Bad(string message) => new(file, Field, message);

    private string Decode(ReadOnlySpan<byte> text)
    {
        budget.Take(text.Length * sizeof(char), Name);
        return Utf8.IsValid(text) ? Encoding.UTF8.GetString(text) : throw Bad("holds text that is not valid UTF-8");
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)Left) throw Bad($"needs {count} bytes where {Left} are left");
        var taken = bytes.AsSpan(_at, (int)count);
        _at += (int)count;
        return taken;
    }
}
