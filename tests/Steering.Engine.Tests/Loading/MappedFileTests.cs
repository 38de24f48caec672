using System.Text;
using Steering.Compute;
using Steering.Tests;

namespace Steering.Engine.Tests.Loading;

public sealed class MappedFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Bytes_are_those_of_the_file()
    {
        using var file = MappedFile.Open(_folder.Write("a", "hello world"));

        Assert.Equal(11, file.Length);
        Assert.NotEqual(0, file.Address);
        Assert.Equal("world", Encoding.ASCII.GetString(file.Span(6, 5)));
        Assert.True(file.Span(11, 0).IsEmpty);
    }

    [Fact]
    public void An_empty_file_has_no_bytes()
    {
        using var file = MappedFile.Open(_folder.Write("empty", ""));

        Assert.Equal(0, file.Length);
        Assert.True(file.Span(0, 0).IsEmpty);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Span(0, 1).Length);
        file.Release(0, 0);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 12)]
    [InlineData(11, 1)]
    [InlineData(12, 0)]
    [InlineData(5, -1)]
    [InlineData(long.MaxValue, int.MaxValue)]
    public void Ranges_outside_the_file_are_refused(long offset, int length)
    {
        using var file = MappedFile.Open(_folder.Write("a", "hello world"));

        Assert.Throws<ArgumentOutOfRangeException>(() => file.Span(offset, length).Length);
    }

    [Fact]
    public void A_disposed_file_is_refused()
    {
        var file = MappedFile.Open(_folder.Write("a", "hello world"));
        file.Dispose();
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.Span(0, 1).Length);
        Assert.Throws<ObjectDisposedException>(() => file.Address);
    }

    [SkippableFact]
    public void Released_pages_leave_memory_and_read_the_same_again()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "reads /proc/self/smaps");
        var bytes = new byte[32 << 20];
        new Random(1).NextBytes(bytes);
        using var file = MappedFile.Open(_folder.Write("large", bytes));
        Assert.True(file.Span(0, bytes.Length).SequenceEqual(bytes));
        long before = FileBackedKilobytes(file.Address);

        file.Release(4096, bytes.Length - 4096);

        long after = FileBackedKilobytes(file.Address);
        Assert.InRange(before, 32 << 10, 33 << 10);
        Assert.InRange(after, 0, 64);
        Assert.True(file.Span(0, bytes.Length).SequenceEqual(bytes));
    }

    public void Dispose() => _folder.Dispose();

    // Resident size of the one mapping that starts at this address.
    private static long FileBackedKilobytes(nint address)
    {
        bool inside = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            if (!line.Contains(':') || line.Contains('-')) inside = line.StartsWith($"{address:x}-", StringComparison.Ordinal);
            if (inside && line.StartsWith("Rss:", StringComparison.Ordinal)) return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        throw new InvalidOperationException("the mapping is not listed");
    }
}
