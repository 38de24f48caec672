using Steering.Compute.Cpu.MachineCode;

namespace Steering.Tests.MachineCode;

public sealed unsafe class ExecutableMemoryTests
{
    [Fact]
    public void Code_that_was_written_runs_and_can_be_given_back()
    {
        if (!ProcessorFeatures.Avx512) return; // nothing is ever run there
        var code = new Assembler();
        code.LoadAddress(Register.Rax, new Memory(Register.Rdi, 5, Register.Rsi, 2));
        code.Return();
        using var memory = ExecutableMemory.TryCreate(code.ToArray());

        Assert.NotNull(memory);
        Assert.Equal(100 + 2 * 20 + 5, ((delegate* unmanaged<long, long, long>)memory.Address)(100, 20));
        memory.Dispose();
        memory.Dispose(); // twice does no harm
        Assert.Equal(0, memory.Address);
    }
}
