using Steering.Compute.Cpu;

namespace Steering.Tests;

public sealed unsafe class WeightMemoryTests
{
    [Fact]
    public void Matrices_share_a_block_without_overlapping()
    {
        var memory = new WeightMemory();
        long[] sizes = [100_000, 64 << 10, 5_000_001, 1 << 20];
        var parts = sizes.Select(memory.Take).ToList();
        for (int i = 0; i < parts.Count; i++)
        {
            Assert.Equal(sizes[i], parts[i].Bytes);
            Assert.Equal(0, parts[i].Address % 64);
            var span = new Span<byte>((void*)parts[i].Address, (int)parts[i].Bytes);
            Assert.False(span.ContainsAnyExcept((byte)0));
            span.Fill((byte)(i + 1));
        }
        for (int i = 0; i < parts.Count; i++) Assert.False(new Span<byte>((void*)parts[i].Address, (int)parts[i].Bytes).ContainsAnyExcept((byte)(i + 1)));
        long block = parts[0].Address;
        Assert.All(parts, part => Assert.InRange(part.Address - block, 0, 8 << 20));
        parts.ForEach(part => part.Dispose());
    }

    [Fact]
    public void A_block_is_full_when_the_next_matrix_does_not_fit()
    {
        var memory = new WeightMemory();
        var parts = Enumerable.Range(0, 9).Select(_ => memory.Take(15 << 20)).ToList(); // four fit into 64 MiB
        foreach (var part in parts) *(byte*)(part.Address + (nint)part.Bytes - 1) = 1;
        Assert.Equal(9, parts.Select(part => part.Address).Distinct().Count());
        parts.ForEach(part => part.Dispose());
    }

    [Theory]
    [InlineData(1 << 20, 64L << 20)]
    [InlineData(32 << 20, 64L << 20)]
    [InlineData(100, 200)]
    public void A_block_goes_back_with_its_last_matrix(int bytes, long reservedForTwo)
    {
        var memory = new WeightMemory();
        WeightMemory.Part first = memory.Take(bytes), second = memory.Take(bytes);
        Assert.Equal(reservedForTwo, memory.ReservedBytes);
        second.Dispose();
        second.Dispose();
        *(byte*)first.Address = 1; // it still lives
        first.Dispose();
        Assert.Equal(0, memory.ReservedBytes);
        Assert.Throws<ObjectDisposedException>(() => first.Address);
        using var next = memory.Take(bytes);
        Assert.Equal(0, *(byte*)next.Address);
    }
}
