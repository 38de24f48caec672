using Steering.Compute.Cpu.MachineCode;
using static Steering.Compute.Cpu.MachineCode.Register;

namespace Steering.Tests.MachineCode;

/// <summary>Each instruction as GNU as 2.40 writes it (<c>objdump -d -M intel</c>).</summary>
public sealed class AssemblerTests
{
    private static readonly Dictionary<string, (string Bytes, Action<Assembler> Write)> s_cases = new()
    {
        ["mov rsi, [rdi+8]"] = ("48 8b 77 08", a => a.Move(Rsi, new Memory(Rdi, 8))),
        ["mov r9, [rdi+400]"] = ("4c 8b 8f 90 01 00 00", a => a.Move(R9, new Memory(Rdi, 400))),
        ["mov r10, rax"] = ("49 89 c2", a => a.Move(R10, Rax)),
        ["mov rax, rsp"] = ("48 89 e0", a => a.Move(Rax, Rsp)),
        ["mov r9, 5"] = ("49 c7 c1 05 00 00 00", a => a.Move(R9, 5)),
        ["add rsp, -4096"] = ("48 81 c4 00 f0 ff ff", a => a.Add(Rsp, -4096)),
        ["add rsi, r10"] = ("4c 01 d6", a => a.Add(Rsi, R10)),
        ["add rdx, 448"] = ("48 81 c2 c0 01 00 00", a => a.Add(Rdx, 448)),
        ["lea r11, [rax+rax*2]"] = ("4c 8d 1c 40", a => a.LoadAddress(R11, new Memory(Rax, 0, Rax, 2))),
        ["dec r9"] = ("49 ff c9", a => a.Decrement(R9)),
        ["jnz back to itself"] = ("0f 85 fa ff ff ff", a => a.JumpIfNotZero(a.Here)),
        ["prefetcht0 [rsi+4096]"] = ("0f 18 8e 00 10 00 00", a => a.Prefetch(new Memory(Rsi, 4096), 1)),
        ["prefetcht0 [r10+rax+64]"] = ("41 0f 18 4c 02 40", a => a.Prefetch(new Memory(R10, 64, Rax), 1)),
        ["prefetcht1 [rbx+64]"] = ("0f 18 53 40", a => a.Prefetch(new Memory(Rbx, 64), 2)),
        ["add rbx, [rdi+64]"] = ("48 03 5f 40", a => a.Add(Rbx, new Memory(Rdi, 64))),
        ["push rbx"] = ("53", a => a.Push(Rbx)),
        ["pop rbx"] = ("5b", a => a.Pop(Rbx)),
        ["ret"] = ("c3", a => a.Return()),
        ["vpxord zmm31, zmm31, zmm31"] = ("62 01 05 40 ef ff", a => a.Zero(Z(31))),
        ["vpternlogd zmm31, zmm31, zmm31, 255"] = ("62 03 05 40 25 ff ff", a => a.Ones(Z(31))),
        ["vmovups zmm28, [rsi+128]"] = ("62 61 7c 48 10 66 02", a => a.Load(Z(28), new Memory(Rsi, 128))),
        ["vmovups zmm9, [rsi+r10*2+64]"] = ("62 31 7c 48 10 4c 56 01", a => a.Load(Z(9), new Memory(Rsi, 64, R10, 2))),
        ["vmovups [rcx+r8], zmm17"] = ("62 a1 7c 48 11 0c 01", a => a.Store(new Memory(Rcx, 0, R8), Z(17))),
        ["vmovups zmm1, [rbp]"] = ("62 f1 7c 48 10 4d 00", a => a.Load(Z(1), new Memory(Rbp))),
        ["vmovups zmm1, [rsp+64]"] = ("62 f1 7c 48 10 4c 24 01", a => a.Load(Z(1), new Memory(Rsp, 64))),
        ["vmovaps zmm20, zmm5"] = ("62 e1 7c 48 28 e5", a => a.Copy(Z(20), Z(5))),
        ["vpbroadcastd zmm30, [rdx+52]"] = ("62 62 7d 48 58 72 0d", a => a.Broadcast(Z(30), new Memory(Rdx, 52))),
        ["vcvtph2ps zmm3, [r9+32]"] = ("62 d2 7d 48 13 59 01", a => a.WidenHalf(Z(3), new Memory(R9, 32))),
        ["vcvtdq2ps zmm18, zmm25"] = ("62 81 7c 48 5b d1", a => a.ConvertToSingle(Z(18), Z(25))),
        ["vpaddd zmm1, zmm18, zmm27"] = ("62 91 6d 40 fe cb", a => a.AddInteger(Z(1), Z(18), Z(27))),
        ["vpandd zmm4, zmm20, zmm31"] = ("62 91 5d 40 db e7", a => a.And(Z(4), Z(20), Z(31))),
        ["vmulps zmm4, zmm20, zmm31"] = ("62 91 5c 40 59 e7", a => a.Multiply(Z(4), Z(20), Z(31))),
        ["vmulps zmm4, zmm20, [rdx+8]{1to16}"] = ("62 f1 5c 50 59 62 02", a => a.MultiplyBroadcast(Z(4), Z(20), new Memory(Rdx, 8))),
        ["vfmadd231ps zmm16, zmm8, zmm24"] = ("62 82 3d 48 b8 c0", a => a.FusedMultiplyAdd(Z(16), Z(8), Z(24))),
        ["vfmadd231ps zmm16, zmm8, [r10+508]{1to16}"] = ("62 c2 3d 58 b8 42 7f", a => a.FusedMultiplyAddBroadcast(Z(16), Z(8), new Memory(R10, 508))),
        ["vdpbf16ps zmm13, zmm30, zmm29"] = ("62 12 0e 40 52 ed", a => a.DotBf16(Z(13), Z(30), Z(29))),
        ["vdpbf16ps zmm13, zmm30, [rsi+r11+8192]"] = ("62 32 0e 40 52 ac 1e 00 20 00 00", a => a.DotBf16(Z(13), Z(30), new Memory(Rsi, 8192, R11))),
        ["vpdpbusd zmm22, zmm6, zmm15"] = ("62 c2 4d 48 50 f7", a => a.DotBytes(Z(22), Z(6), Z(15))),
        ["vpdpbusd zmm22, zmm6, [rdx+100]{1to16}"] = ("62 e2 4d 58 50 72 19", a => a.DotBytesBroadcast(Z(22), Z(6), new Memory(Rdx, 100))),
        ["vpdpbusd zmm22, zmm6, [rdx+1000]{1to16}"] = ("62 e2 4d 58 50 b2 e8 03 00 00", a => a.DotBytesBroadcast(Z(22), Z(6), new Memory(Rdx, 1000))),
        ["vpslld zmm19, zmm3, 8"] = ("62 f1 65 40 72 f3 08", a => a.ShiftLeft(Z(19), Z(3), 8)),
        ["vpsrlw zmm26, zmm17, 4"] = ("62 b1 2d 40 71 d1 04", a => a.ShiftRightPairs(Z(26), Z(17), 4)),
        ["ldtilecfg [rdi]"] = ("c4 e2 78 49 07", a => a.LoadTileConfiguration(new Memory(Rdi))),
        ["tilerelease"] = ("c4 e2 78 49 c0", a => a.ReleaseTiles()),
        ["tilezero tmm3"] = ("c4 e2 7b 49 d8", a => a.Zero(new Tile(3))),
        ["tileloadd tmm6, [rsi+r11+64]"] = ("c4 a2 7b 4b 74 1e 40", a => a.Load(new Tile(6), new Memory(Rsi, 64, R11))),
        ["tilestored [rdx+rcx], tmm1"] = ("c4 e2 7a 4b 0c 0a", a => a.Store(new Memory(Rdx, 0, Rcx), new Tile(1))),
        ["tdpbf16ps tmm0, tmm4, tmm6"] = ("c4 e2 4a 5c c4", a => a.DotBf16(new Tile(0), new Tile(4), new Tile(6))),
    };

    public static TheoryData<string> Instructions() => [.. s_cases.Keys];

    [Theory]
    [MemberData(nameof(Instructions))]
    public void An_instruction_has_the_bytes_of_GNU_as(string instruction)
    {
        var (bytes, write) = s_cases[instruction];
        var assembler = new Assembler();
        write(assembler);

        Assert.Equal(bytes.Replace(" ", "").ToUpperInvariant(), Convert.ToHexString(assembler.ToArray()));
    }

    private static Zmm Z(int number) => new(number);
}
