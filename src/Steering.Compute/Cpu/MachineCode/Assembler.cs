using System.Buffers.Binary;

namespace Steering.Compute.Cpu.MachineCode;

/// <summary>General registers by their number in an encoding.</summary>
internal enum Register { Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11 }

/// <summary>An address: base + index * scale + displacement.</summary>
internal readonly record struct Memory(Register Base, int Displacement = 0, Register? Index = null, int Scale = 1);

/// <summary>A 512-bit register, 0 to 31.</summary>
internal readonly record struct Zmm(int Number);

/// <summary>An AMX tile, 0 to 7.</summary>
internal readonly record struct Tile(int Number);

/// <summary>
/// Writes the few x86-64 instructions our kernels need where .NET has no intrinsic (AVX512-BF16, AVX512-VNNI and AMX in .NET 10). Encodings are those of the Intel SDM, volume 2:
/// 2.1 (legacy and REX), 2.3 (VEX), 2.7 (EVEX); the tests compare each with what GNU as writes.
/// </summary>
internal sealed class Assembler
{
    private const int NoPrefix = 0, Prefix66 = 1, PrefixF3 = 2, PrefixF2 = 3; // pp of VEX and EVEX
    private const int Map0F = 1, Map0F38 = 2, Map0F3A = 3; // mmm of VEX and EVEX
    private readonly List<byte> _code = [];

    public byte[] ToArray() => [.. _code];

    // General registers.

    public void Move(Register to, Memory from) => Legacy(0x8B, (int)to, from);

    public void Move(Register to, Register from) => Legacy(0x89, (int)from, (int)to);

    public void Move(Register to, int value)
    {
        Legacy(0xC7, 0, (int)to);
        Immediate(value);
    }

    public void Add(Register to, Register value) => Legacy(0x01, (int)value, (int)to);

    public void Add(Register to, int value)
    {
        Legacy(0x81, 0, (int)to);
        Immediate(value);
    }

    public void Add(Register to, Memory value) => Legacy(0x03, (int)to, value);

    public void Push(Register register) => Bytes((byte)(0x50 + (int)register)); // rax to rdi

    public void Pop(Register register) => Bytes((byte)(0x58 + (int)register)); // rax to rdi

    public void LoadAddress(Register to, Memory address) => Legacy(0x8D, (int)to, address);

    public void Decrement(Register register) => Legacy(0xFF, 1, (int)register);

    /// <summary>Where a loop begins, for <see cref="JumpIfNotZero"/>.</summary>
    public int Here => _code.Count;

    public void JumpIfNotZero(int target)
    {
        Bytes(0x0F, 0x85);
        Immediate(target - (_code.Count + 4));
    }

    /// <param name="level">1 or 2: the cache it is for.</param>
    public void Prefetch(Memory address, int level)
    {
        Rex(0, address, wide: false);
        Bytes(0x0F, 0x18);
        Operand(level, address, 1); // prefetcht0, prefetcht1
    }

    public void Return() => Bytes(0xC3);

    // AVX-512. One operand may be memory, or one 32-bit value of memory in every lane ("broadcast").

    public void Zero(Zmm to) => Evex(0xEF, Prefix66, Map0F, to.Number, to.Number, to.Number); // vpxord
    public void Ones(Zmm to) // vpternlogd: every bit set whatever it was
    {
        Evex(0x25, Prefix66, Map0F3A, to.Number, to.Number, to.Number);
        Bytes(0xFF);
    }

    public void Load(Zmm to, Memory from) => Evex(0x10, NoPrefix, Map0F, to.Number, 0, from); // vmovups
    public void Store(Memory to, Zmm from) => Evex(0x11, NoPrefix, Map0F, from.Number, 0, to); // vmovups
    public void Copy(Zmm to, Zmm from) => Evex(0x28, NoPrefix, Map0F, to.Number, 0, from.Number); // vmovaps
    public void Broadcast(Zmm to, Memory from) => Evex(0x58, Prefix66, Map0F38, to.Number, 0, from, elementBytes: 4); // vpbroadcastd
    public void WidenHalf(Zmm to, Memory from) => Evex(0x13, Prefix66, Map0F38, to.Number, 0, from, elementBytes: 32); // vcvtph2ps
    public void ConvertToSingle(Zmm to, Zmm from) => Evex(0x5B, NoPrefix, Map0F, to.Number, 0, from.Number); // vcvtdq2ps
    public void AddInteger(Zmm to, Zmm a, Zmm b) => Evex(0xFE, Prefix66, Map0F, to.Number, a.Number, b.Number); // vpaddd
    public void And(Zmm to, Zmm a, Zmm b) => Evex(0xDB, Prefix66, Map0F, to.Number, a.Number, b.Number); // vpandd
    public void Multiply(Zmm to, Zmm a, Zmm b) => Evex(0x59, NoPrefix, Map0F, to.Number, a.Number, b.Number); // vmulps
    public void MultiplyBroadcast(Zmm to, Zmm a, Memory b) => Evex(0x59, NoPrefix, Map0F, to.Number, a.Number, b, elementBytes: 4, broadcast: true);

    /// <summary>to += a * b in f32, rounded once.</summary>
    public void FusedMultiplyAdd(Zmm to, Zmm a, Zmm b) => Evex(0xB8, Prefix66, Map0F38, to.Number, a.Number, b.Number); // vfmadd231ps
    public void FusedMultiplyAddBroadcast(Zmm to, Zmm a, Memory b) => Evex(0xB8, Prefix66, Map0F38, to.Number, a.Number, b, elementBytes: 4, broadcast: true);

    /// <summary>to += the two products of each pair of bf16 (AVX512-BF16).</summary>
    public void DotBf16(Zmm to, Zmm a, Zmm b) => Evex(0x52, PrefixF3, Map0F38, to.Number, a.Number, b.Number); // vdpbf16ps
    public void DotBf16(Zmm to, Zmm a, Memory b) => Evex(0x52, PrefixF3, Map0F38, to.Number, a.Number, b);

    /// <summary>to += the four products of unsigned bytes of a and signed bytes of b (AVX512-VNNI).</summary>
    public void DotBytes(Zmm to, Zmm a, Zmm b) => Evex(0x50, Prefix66, Map0F38, to.Number, a.Number, b.Number); // vpdpbusd
    public void DotBytesBroadcast(Zmm to, Zmm a, Memory b) => Evex(0x50, Prefix66, Map0F38, to.Number, a.Number, b, elementBytes: 4, broadcast: true);

    public void ShiftLeft(Zmm to, Zmm from, byte bits) => Shift(0x72, 6, to, from, bits); // vpslld
    public void ShiftRightPairs(Zmm to, Zmm from, byte bits) => Shift(0x71, 2, to, from, bits); // vpsrlw

    private void Shift(byte opcode, int extension, Zmm to, Zmm from, byte bits)
    {
        Evex(opcode, Prefix66, Map0F, extension, to.Number, from.Number);
        Bytes(bits);
    }

    // AMX. Memory of a tile is base + index * row: the index register holds the bytes between its rows.

    public void LoadTileConfiguration(Memory from) => Vex(0x49, NoPrefix, 0, 0, from); // ldtilecfg
    public void ReleaseTiles() => Vex(0x49, NoPrefix, 0, 0, 0); // tilerelease
    public void Zero(Tile to) => Vex(0x49, PrefixF2, to.Number, 0, 0); // tilezero
    public void Load(Tile to, Memory from) => Vex(0x4B, PrefixF2, to.Number, 0, from); // tileloadd
    public void Store(Memory to, Tile from) => Vex(0x4B, PrefixF3, from.Number, 0, to); // tilestored
    public void DotBf16(Tile to, Tile a, Tile b) => Vex(0x5C, PrefixF3, to.Number, b.Number, a.Number); // tdpbf16ps

    private void Bytes(params ReadOnlySpan<byte> bytes) => _code.AddRange(bytes);

    private void Immediate(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _code.AddRange(bytes);
    }

    private void Legacy(byte opcode, int reg, int rm)
    {
        Bytes((byte)(0x48 | (reg >> 3 << 2) | (rm >> 3)), opcode, (byte)(0xC0 | (reg & 7) << 3 | (rm & 7)));
    }

    private void Legacy(byte opcode, int reg, Memory memory)
    {
        Rex(reg, memory, wide: true);
        Bytes(opcode);
        Operand(reg, memory, 1);
    }

    private void Rex(int reg, Memory memory, bool wide)
    {
        int bits = (wide ? 8 : 0) | (reg >> 3 << 2) | ((int)(memory.Index ?? 0) >> 3 << 1) | ((int)memory.Base >> 3);
        if (bits != 0) Bytes((byte)(0x40 | bits));
    }

    private void Evex(byte opcode, int prefix, int map, int reg, int vector, int rm)
    {
        EvexPrefix(prefix, map, reg, vector, index: rm >> 4, rmBase: rm >> 3 & 1, broadcast: false);
        Bytes(opcode, (byte)(0xC0 | (reg & 7) << 3 | (rm & 7)));
    }

    /// <param name="elementBytes">What an 8-bit displacement counts in: the bytes the instruction reads (SDM 2.7.5).</param>
    private void Evex(byte opcode, int prefix, int map, int reg, int vector, Memory memory, int elementBytes = 64, bool broadcast = false)
    {
        EvexPrefix(prefix, map, reg, vector, index: (int)(memory.Index ?? 0) >> 3, rmBase: (int)memory.Base >> 3, broadcast);
        Bytes(opcode);
        Operand(reg, memory, elementBytes);
    }

    private void EvexPrefix(int prefix, int map, int reg, int vector, int index, int rmBase, bool broadcast)
    {
        int inverted = (reg >> 3 & 1) << 7 | index << 6 | rmBase << 5 | (reg >> 4) << 4; // R X B R'
        Bytes(0x62, (byte)((inverted ^ 0xF0) | map), (byte)((~vector & 15) << 3 | 4 | prefix), (byte)(0x40 | (broadcast ? 0x10 : 0) | (~vector >> 4 & 1) << 3));
    }

    private void Vex(byte opcode, int prefix, int reg, int vector, int rm)
    {
        Bytes(0xC4, 0xE0 | Map0F38, (byte)((~vector & 15) << 3 | prefix), opcode, (byte)(0xC0 | (reg & 7) << 3 | (rm & 7)));
    }

    private void Vex(byte opcode, int prefix, int reg, int vector, Memory memory)
    {
        int inverted = (int)(memory.Index ?? 0) >> 3 << 6 | (int)memory.Base >> 3 << 5; // X B
        Bytes(0xC4, (byte)((inverted ^ 0xE0) | Map0F38), (byte)((~vector & 15) << 3 | prefix), opcode);
        Operand(reg, memory, 1);
    }

    /// <summary>ModRM, SIB and displacement, the shortest form there is.</summary>
    private void Operand(int reg, Memory memory, int elementBytes)
    {
        int lowBase = (int)memory.Base & 7, displacement = memory.Displacement;
        bool scaled = displacement % elementBytes == 0 && displacement / elementBytes is >= sbyte.MinValue and <= sbyte.MaxValue;
        int mode = displacement == 0 && lowBase != (int)Register.Rbp ? 0 : scaled ? 1 : 2;
        bool needsSib = memory.Index is not null || lowBase == (int)Register.Rsp;
        Bytes((byte)(mode << 6 | (reg & 7) << 3 | (needsSib ? 4 : lowBase)));
        if (needsSib) Bytes((byte)(int.Log2(memory.Scale) << 6 | ((int)(memory.Index ?? Register.Rsp) & 7) << 3 | lowBase));
        if (mode == 1) Bytes((byte)(displacement / elementBytes));
        if (mode == 2) Immediate(displacement);
    }
}
