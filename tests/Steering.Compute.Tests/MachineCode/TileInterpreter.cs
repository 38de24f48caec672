using System.Buffers.Binary;

namespace Steering.Tests.MachineCode;

/// <summary>
/// Runs the machine code of an AMX kernel on any processor: a System V function of the few instructions such a kernel is made of (Intel SDM 2), with tiles of 16 rows of 64 bytes. Memory is the process's own.
/// </summary>
internal sealed unsafe class TileInterpreter
{
    private const int Rsp = 4, Rdi = 7;
    private readonly long[] _registers = new long[16];
    private readonly byte[][] _tiles = [.. Enumerable.Range(0, 8).Select(_ => new byte[1024])], _vectors = [.. Enumerable.Range(0, 32).Select(_ => new byte[64])];
    private readonly byte[] _stack = new byte[1 << 16];
    private byte[] _code = [];
    private int _at;
    private bool _isZero;

    /// <summary>Products of tiles that were computed.</summary>
    public int Products { get; private set; }

    public void Run(byte[] code, nint argument)
    {
        (_code, _at) = (code, 0);
        fixed (byte* stack = _stack)
        {
            long top = (long)stack + _stack.Length - 64;
            _registers[Rsp] = top;
            _registers[Rdi] = argument;
            long rbx = _registers[3] = 0x1234;
            while (Step()) { }
            if (_registers[Rsp] != top || _registers[3] != rbx) throw new InvalidOperationException("The function does not give back the stack or rbx as it found them.");
        }
    }

    private bool Step()
    {
        byte first = Next();
        if (first == 0xC4) return Vex();
        if (first == 0x62) return Evex();
        int rex = 0;
        if (first >> 4 == 4) (rex, first) = (first, Next());
        switch (first)
        {
            case 0xC3: return false;
            case >= 0x50 and < 0x58: Push(_registers[first - 0x50]); return true;
            case >= 0x58 and < 0x60: _registers[first - 0x58] = Pop(); return true;
            case 0x0F when Next() is var second: return second == 0x85 ? Jump() : second == 0x18 ? Skip(rex) : throw Unknown(second);
        }
        var (reg, isRegister, rm, address, _) = Operand(rex >> 2 & 1, rex >> 1 & 1, rex & 1, 1);
        switch (first)
        {
            case 0x8B: _registers[reg] = *(long*)address; break;
            case 0x89 when isRegister: _registers[rm] = _registers[reg]; break;
            case 0x01 when isRegister: _registers[rm] += _registers[reg]; break;
            case 0x03: _registers[reg] += *(long*)address; break;
            case 0x81 when isRegister: _registers[rm] += Immediate(); break;
            case 0xC7 when isRegister: _registers[rm] = Immediate(); break;
            case 0x8D: _registers[reg] = address; break;
            case 0xFF when isRegister: _isZero = --_registers[rm] == 0; break;
            default: throw Unknown(first);
        }
        return true;
    }

    private bool Jump()
    {
        int offset = Immediate();
        if (!_isZero) _at += offset;
        return true;
    }

    private bool Skip(int rex)
    {
        Operand(0, rex >> 1 & 1, rex & 1, 1); // a prefetch
        return true;
    }

    private bool Vex()
    {
        byte one = Next(), two = Next(), opcode = Next();
        var (reg, isRegister, rm, address, stride) = Operand(one >> 7 & 1 ^ 1, one >> 6 & 1 ^ 1, one >> 5 & 1 ^ 1, 1);
        switch (opcode, two & 3)
        {
            case (0x49, 3) when isRegister: Array.Clear(_tiles[reg]); break;
            case (0x4B, 3): for (int i = 0; i < 16; i++) new Span<byte>((void*)(address + i * stride), 64).CopyTo(_tiles[reg].AsSpan(64 * i)); break;
            case (0x4B, 2): for (int i = 0; i < 16; i++) _tiles[reg].AsSpan(64 * i, 64).CopyTo(new Span<byte>((void*)(address + i * stride), 64)); break;
            case (0x5C, 2) when isRegister: DotBf16(reg, rm, ~two >> 3 & 15); break;
            default: throw Unknown(opcode);
        }
        return true;
    }

    private bool Evex()
    {
        byte one = Next(), two = Next(), three = Next(), opcode = Next();
        if ((two, three) != (0x7C, 0x48) || opcode is not (0x10 or 0x11)) throw Unknown(opcode); // vmovups
        var (reg, _, _, address, _) = Operand(one >> 7 & 1 ^ 1, one >> 6 & 1 ^ 1, one >> 5 & 1 ^ 1, 64);
        Span<byte> memory = new((void*)address, 64), vector = _vectors[reg];
        if (opcode == 0x10) memory.CopyTo(vector);
        else vector.CopyTo(memory);
        return true;
    }

    /// <summary>SDM 2, TDPBF16PS: pairs of a row of a times pairs of a row of b; even and odd products have sums of their own.</summary>
    private void DotBf16(int c, int a, int b)
    {
        Products++;
        for (int m = 0; m < 16; m++)
        {
            for (int n = 0; n < 16; n++)
            {
                float even = 0, odd = 0;
                for (int k = 0; k < 16; k++)
                {
                    even = MathF.FusedMultiplyAdd(Bf16(a, m, 2 * k), Bf16(b, k, 2 * n), even);
                    odd = MathF.FusedMultiplyAdd(Bf16(a, m, 2 * k + 1), Bf16(b, k, 2 * n + 1), odd);
                }
                var sum = _tiles[c].AsSpan(64 * m + 4 * n, 4);
                BinaryPrimitives.WriteSingleLittleEndian(sum, BinaryPrimitives.ReadSingleLittleEndian(sum) + (even + odd));
            }
        }
    }

    private float Bf16(int tile, int row, int column) => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(_tiles[tile].AsSpan(64 * row + 2 * column)) << 16);

    /// <summary>ModRM, SIB and displacement; of tiles the index is not a part of the address but the stride.</summary>
    private (int Reg, bool IsRegister, int Rm, nint Address, long Stride) Operand(int r, int x, int b, int scaledBy)
    {
        byte modRm = Next();
        int mode = modRm >> 6, reg = modRm >> 3 & 7 | r << 3, rm = modRm & 7;
        if (mode == 3) return (reg, true, rm | b << 3, 0, 0);
        bool isTile = _code[_at - 2] == 0x4B; // the opcode before
        long index = 0;
        int address = rm | b << 3;
        if (rm == 4)
        {
            byte sib = Next();
            int indexRegister = sib >> 3 & 7 | x << 3;
            if (indexRegister != Rsp) index = _registers[indexRegister] << (sib >> 6);
            address = sib & 7 | b << 3;
        }
        if (mode == 0 && (address & 7) == 5) throw Unknown(modRm);
        long displacement = mode == 1 ? (sbyte)Next() * scaledBy : mode == 2 ? Immediate() : 0;
        return (reg, false, 0, (nint)(_registers[address] + displacement + (isTile ? 0 : index)), index);
    }

    private void Push(long value) => *(long*)(_registers[Rsp] -= 8) = value;

    private long Pop()
    {
        _registers[Rsp] += 8;
        return *(long*)(_registers[Rsp] - 8);
    }

    private byte Next() => _code[_at++];

    private int Immediate()
    {
        int value = BinaryPrimitives.ReadInt32LittleEndian(_code.AsSpan(_at));
        _at += 4;
        return value;
    }

    private InvalidOperationException Unknown(byte opcode) => new($"No instruction of a tile kernel: {opcode:x2} before {_at}.");
}
