using System.Globalization;
using System.IO.Compression;
using Steering.Engine.Loading;
using Steering.Engine.Vectors.Torch;

namespace Steering.Engine.Tests.Vectors.Torch;

/// <summary>Whatever an archive says about its tensors and entries, reading it ends in values or in a ModelFormatException, within the budget.</summary>
public sealed class HostileTorchTests
{
    private const long Big = 1L << 62;

    [Theory]
    // shape, strides, offset, and what is said about it; the storage has four elements.
    [InlineData(new[] { 5L }, new[] { 1L }, 0, "reaches element 4 of a storage of 4")]
    [InlineData(new[] { 1L }, new[] { 1L }, 4, "reaches element 4 of a storage of 4")]
    [InlineData(new[] { 2L, 2 }, new[] { 3L, 1 }, 0, "reaches element 4")]
    [InlineData(new[] { 2L }, new[] { 1L }, 3, "reaches element 4")]
    [InlineData(new[] { 1L }, new[] { 1L }, Big, "reaches element")]
    [InlineData(new[] { 2L }, new[] { Big }, 0, "reaches element")]
    [InlineData(new[] { 3L, 3, 3, 3 }, new[] { Big, Big, Big, Big }, Big, "reaches element")]
    [InlineData(new[] { 2L }, new[] { long.MaxValue }, long.MaxValue, "reaches element")]
    [InlineData(new[] { 2L }, new[] { 1L }, -1, "offset -1")]
    [InlineData(new[] { -2L }, new[] { 1L }, 0, "a size of -2")]
    [InlineData(new[] { 2L }, new[] { -1L }, 1, "a stride of -1")]
    [InlineData(new[] { 1L << 31 }, new[] { 0L }, 0, "a size of 2147483648")]
    [InlineData(new[] { 2147483647L }, new[] { 0L }, 0, "more elements than can be read")]
    [InlineData(new[] { 1L << 30 }, new[] { 0L }, 0, "bytes to read where")]
    [InlineData(new[] { 1L << 16, 1 << 16, 1 << 16, 1 << 16, 1 << 16 }, new[] { 0L, 0, 0, 0, 0 }, 0, "more elements than can be read")]
    [InlineData(new[] { 1L, 1, 1, 1, 1, 1, 1, 1, 1 }, new[] { 1L, 1, 1, 1, 1, 1, 1, 1, 1 }, 0, "9 dimensions")]
    [InlineData(new[] { 2L, 2 }, new[] { 1L }, 0, "2 sizes and 1 strides")]
    public void Views_outside_their_storage_are_refused(long[] shape, long[] strides, long offset, string said) =>
        Assert.Contains(said, Outcome(new PickleBytes().Tensor("FloatStorage", 4, offset, shape, strides).Archive(new byte[16]))!.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(4, 12, "has 4 elements of float32, 16 bytes; it has 12")]
    [InlineData(4, 20, "it has 20")]
    [InlineData(-4, 16, "has -4 elements")]
    [InlineData(Big, 0, "has 4611686018427387904 elements of float32, 18446744073709551616 bytes; it has 0")]
    public void Storages_of_another_size_than_they_say_are_refused(long elements, int bytes, string said) =>
        Assert.Contains(said, Outcome(new PickleBytes().Tensor("FloatStorage", elements, 0, [1], [1]).Archive(new byte[bytes]))!.Message, StringComparison.Ordinal);

    [Fact]
    public void Storages_that_are_not_there_are_refused()
    {
        var pickle = new PickleBytes().Storage("FloatStorage", "../../etc/passwd", 1);

        Assert.Contains("'data/../../etc/passwd', which the archive does not hold", Outcome(pickle.Archive(1, 2, 3, 4))!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_small_storage_cannot_be_multiplied_beyond_the_budget()
    {
        // 4 MB as f32 each time, for a few bytes of pickle and one of storage.
        var repeated = new PickleBytes().Op(PickleOpcode.Mark).Repeat(100, pickle => pickle.Tensor("BoolStorage", 1, 0, [1 << 20], [0])).Op(PickleOpcode.Tuple);
        Assert.Contains("bytes to read where", Outcome(repeated.Archive(1))!.Message, StringComparison.Ordinal);

        // One tensor made again and again from arguments that are recalled.
        var recalled = new PickleBytes().Op(PickleOpcode.Mark).Global("torch._utils", "_rebuild_tensor").Op(PickleOpcode.BinPut, 0)
            .Op(PickleOpcode.Mark).Storage("BoolStorage", "0", 1).Number(0).Numbers(1).Numbers(1).Op(PickleOpcode.Tuple).Op(PickleOpcode.BinPut, 1).Op(PickleOpcode.Reduce)
            .Repeat(20_000, pickle => pickle.Op(PickleOpcode.BinGet, 0).Op(PickleOpcode.BinGet, 1).Op(PickleOpcode.Reduce)).Op(PickleOpcode.Tuple);
        Assert.Contains("bytes to read where", Outcome(recalled.Archive(1))!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_worst_honest_file_fits_its_budget()
    {
        // Booleans, transposed: unpacked, gathered, and widened fourfold.
        byte[] storage = new byte[4 << 20];
        new Random(1).NextBytes(storage);

        Assert.Null(Outcome(new PickleBytes().Tensor("BoolStorage", storage.Length, 0, [2048, 2048], [1, 2048]).Archive(storage)));
    }

    [Fact]
    public void Bombs_are_refused_before_they_are_unpacked()
    {
        byte[] bomb = ZipBytes.Of(CompressionLevel.Fastest, ("a/data.pkl", new PickleBytes().Tensor("ByteStorage", 32 << 20, 0, [1], [1]).Stop()), ("a/data/0", new byte[32 << 20]));

        var error = Outcome(bomb);

        Assert.Equal("a/data/0", error!.Field);
        Assert.Contains("bytes to read where", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1 << 20)]
    public void Sizes_that_lie_about_deflated_bytes_are_found(int said)
    {
        byte[] zip = ZipBytes.Of(CompressionLevel.SmallestSize, ("a/data.pkl", new PickleBytes().Tensor("ByteStorage", said, 0, [1], [1]).Stop()), ("a/data/0", new byte[65537]));

        Assert.Equal("a/data/0", Outcome(ZipBytes.Replaced(zip, [1, 0, 1, 0], BitConverter.GetBytes(said)))!.Field);
    }

    [Theory]
    [InlineData("../data.pkl")]
    [InlineData("/a/data.pkl")]
    [InlineData("a/../data.pkl")]
    [InlineData("a/./data.pkl")]
    [InlineData("a//data.pkl")]
    [InlineData("a\\data.pkl")]
    [InlineData("c:/data.pkl")]
    [InlineData("a/data.pkl\0.txt")]
    [InlineData("..")]
    [InlineData("a/..")]
    public void Names_that_lead_out_of_the_archive_are_refused(string name)
    {
        var error = Outcome(ZipBytes.Of(("a/data.pkl", new PickleBytes().Op(PickleOpcode.None).Stop()), (name, [1])));

        Assert.Equal("zip directory", error!.Field);
        Assert.Contains($"names '{name}', a path out of the archive", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_appear_twice_are_refused()
    {
        byte[] pickle = new PickleBytes().Op(PickleOpcode.None).Stop();

        Assert.Contains("in the archive twice", Outcome(ZipBytes.Of(("a/data.pkl", pickle), ("a/data.pkl", pickle)))!.Message, StringComparison.Ordinal);
        Assert.Contains("is in the zip file 2 times", Outcome(ZipBytes.Of(("a/data.pkl", pickle), ("b/data.pkl", pickle)))!.Message, StringComparison.Ordinal);
        Assert.Contains("is in the zip file 0 times", Outcome(ZipBytes.Of(("a/weights.npy", pickle)))!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encrypted_entries_and_unknown_compression_are_refused()
    {
        byte[] zip = ZipBytes.Of(("a/data.pkl", new PickleBytes().Op(PickleOpcode.None).Stop()));
        int directory = zip.AsSpan().IndexOf("PK\x01\x02"u8);
        byte[] encrypted = [.. zip], unknown = [.. zip];
        encrypted[directory + 8] |= 1;
        unknown[directory + 10] = unknown[8] = 99;

        Assert.Contains("is encrypted", Outcome(encrypted)!.Message, StringComparison.Ordinal);
        Assert.Equal("a/data.pkl", Outcome(unknown)!.Field);
    }

    [Fact]
    public void Sizes_and_offsets_of_64_bits_are_read_and_may_lead_nowhere()
    {
        byte[] pickle = new PickleBytes().Op(PickleOpcode.None).Stop();
        ulong length = (ulong)pickle.Length;
        ulong[] lies = [0, 1, length - 1, length + 1, 100_000, int.MaxValue, 1UL << 31, uint.MaxValue, long.MaxValue, 1UL << 63, ulong.MaxValue];

        Assert.Null(Outcome(ZipBytes.Zip64("a/data.pkl", pickle, length, length, 0)));
        foreach (ulong lie in lies)
        {
            Assert.NotNull(Outcome(ZipBytes.Zip64("a/data.pkl", pickle, lie, length, 0)));
            Assert.NotNull(Outcome(ZipBytes.Zip64("a/data.pkl", pickle, length, lie, 0)));
            Assert.NotNull(Outcome(ZipBytes.Zip64("a/data.pkl", pickle, lie, lie, 0)));
            if (lie != 0) Assert.NotNull(Outcome(ZipBytes.Zip64("a/data.pkl", pickle, length, length, lie)));
        }
    }

    [Fact]
    public void Damaged_bytes_are_found_by_their_checksum()
    {
        byte[] damaged = ZipBytes.Replaced(new PickleBytes().Tensor("FloatStorage", 2, 0, [2], [1]).Archive(1, 2, 3, 4, 5, 6, 7, 8), [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 9]);

        Assert.Contains("is damaged: its checksum", Outcome(damaged)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_that_is_none_is_refused() =>
        Assert.Equal("byteorder", Outcome(ZipBytes.Of(("a/data.pkl", new PickleBytes().Op(PickleOpcode.None).Stop()), ("a/byteorder", "middle"u8.ToArray())))!.Field);

    [Fact]
    public void Directories_of_very_many_entries_are_bounded()
    {
        var entries = Enumerable.Range(0, 50_000).Select(i => (i.ToString(CultureInfo.InvariantCulture), Array.Empty<byte>())).ToArray();
        byte[] zip = ZipBytes.Of(entries);
        int directory = zip.AsSpan().IndexOf("PK\x01\x02"u8);
        // The entries' own headers can go, and the count can be a lie.
        byte[] lying = zip[directory..];
        BitConverter.GetBytes(0).CopyTo(lying.AsSpan(lying.Length - 6));
        lying[^14] = lying[^12] = 1;
        lying[^13] = lying[^11] = 0;

        Assert.NotNull(Outcome(zip));
        Assert.Contains("bytes to read where", Outcome(lying)!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("P")]
    [InlineData("PK")]
    [InlineData("not a zip file at all")]
    public void What_is_no_zip_file_is_refused(string text) => Assert.Equal("zip directory", Outcome(System.Text.Encoding.ASCII.GetBytes(text))!.Field);

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] whole = new PickleBytes().Tensor("FloatStorage", 2, 0, [2], [1]).Archive(new byte[8]);

        Assert.Null(Outcome(whole));
        for (int length = 0; length < whole.Length; length++) Assert.NotNull(Outcome(whole[..length]));
    }

    [Fact]
    public void Flipped_bits_never_do_worse_than_an_error()
    {
        byte[] pickle = new PickleBytes().Tensor("FloatStorage", 2, 0, [2], [1]).Stop();

        Assert.InRange(Reading.Refused(PickleBytes.Archive(pickle, new byte[8]), 4000, Outcome), 2000, 3999);
        Assert.InRange(Reading.Refused(ZipBytes.Of(CompressionLevel.SmallestSize, ("a/data.pkl", pickle), ("a/data/0", new byte[8])), 4000, Outcome), 2000, 3999);
    }

    private static ModelFormatException? Outcome(byte[] bytes) => Reading.Outcome(bytes, TorchArchive.Read);
}
