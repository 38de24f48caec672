using System.Buffers.Binary;
using System.Text;
using Steering.Engine.Vectors.Torch;

namespace Steering.Engine.Tests.Vectors.Torch;

/// <summary>Writes a pickle instruction by instruction, as torch.save would or as it never would.</summary>
internal sealed class PickleBytes
{
    private readonly List<byte> _bytes = [];

    public PickleBytes(byte protocol = 2) => Op(PickleOpcode.Proto, protocol);

    public PickleBytes Op(PickleOpcode opcode, params ReadOnlySpan<byte> operand)
    {
        _bytes.Add((byte)opcode);
        _bytes.AddRange(operand);
        return this;
    }

    public PickleBytes Repeat(int times, Func<PickleBytes, PickleBytes> part)
    {
        for (int i = 0; i < times; i++) part(this);
        return this;
    }

    public PickleBytes Global(string module, string name) => Op(PickleOpcode.Global, Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    public PickleBytes Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text), length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
        return Op(PickleOpcode.BinUnicode, [.. length, .. utf8]);
    }

    public PickleBytes Number(long number)
    {
        byte[] bytes = new byte[9];
        bytes[0] = 8;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), number);
        return Op(PickleOpcode.Long1, bytes);
    }

    public PickleBytes Numbers(params ReadOnlySpan<long> numbers)
    {
        Op(PickleOpcode.Mark);
        foreach (long number in numbers) Number(number);
        return Op(PickleOpcode.Tuple);
    }

    public PickleBytes Storage(string type, string key, long elements, string module = "torch") => Op(PickleOpcode.Mark)
        .Text("storage").Global(module, type).Text(key).Text("cpu").Number(elements).Op(PickleOpcode.Tuple).Op(PickleOpcode.BinPersId);

    /// <summary>A whole tensor of storage 0.</summary>
    public PickleBytes Tensor(string type, long stored, long offset, long[] shape, long[] strides) => Global("torch._utils", "_rebuild_tensor_v2").Op(PickleOpcode.Mark)
        .Storage(type, "0", stored).Number(offset).Numbers(shape).Numbers(strides).NoHooks().Op(PickleOpcode.Tuple).Op(PickleOpcode.Reduce);

    /// <summary>requires_grad and the backward hooks.</summary>
    public PickleBytes NoHooks() => Op(PickleOpcode.NewFalse).Global("collections", "OrderedDict").Op(PickleOpcode.EmptyTuple).Op(PickleOpcode.Reduce);

    public byte[] Stop() => [.. _bytes, (byte)PickleOpcode.Stop];

    /// <summary>The pickle in a file as torch.save writes it, with the bytes of storage 0.</summary>
    public byte[] Archive(params byte[] storage) => Archive(Stop(), storage);

    public static byte[] Archive(byte[] pickle, byte[] storage) => ZipBytes.Of(("archive/data.pkl", pickle), ("archive/byteorder", "little"u8.ToArray()), ("archive/data/0", storage), ("archive/version", "3\n"u8.ToArray()));
}
