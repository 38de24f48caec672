using Steering.Engine.Loading;
using Steering.Engine.Loading.Gguf;
using Steering.Tests;

namespace Steering.Engine.Tests.Loading.Gguf;

/// <summary>Whatever a file says, reading it ends in a value or in a ModelFormatException that names the field, without allocating more than a constant times its size.</summary>
public sealed class HostileGgufTests
{
    // What an exception with its message and stack trace takes, generously.
    private const long Constant = 256 << 10;

    [SkippableFact]
    public void Every_file_of_a_fuzzers_corpus_ends_in_a_result_or_a_clear_error()
    {
        string[] files = Directory.GetFiles(Repository.Shared("data", "malformed", "gguf"));
        int refused = files.Count(path => Outcome(File.ReadAllBytes(path)) is not null);

        Assert.Equal(110, files.Length);
        Assert.InRange(refused, 90, 110);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] whole = Whole();
        for (int length = 0; length < whole.Length; length++) Assert.NotNull(Outcome(whole[..length]));

        Assert.Null(Outcome(whole));
    }

    [Fact]
    public void Flipped_bits_never_do_worse_than_an_error()
    {
        byte[] whole = Whole();
        int refused = Corruption.FlippedBits(whole, 6000).Count(flipped => Outcome(flipped) is not null);

        Assert.InRange(refused, 2000, 6000);
    }

    [Theory]
    [InlineData(1UL << 63)]
    [InlineData(ulong.MaxValue)]
    [InlineData(200_000UL)]
    [InlineData(2UL)]
    public void Lying_counts_are_refused_before_anything_is_made_for_them(ulong count)
    {
        Assert.Equal("tensor count", Outcome(new GgufBytes { TensorCount = count + 10 }.ToArray())!.Field);
        Assert.Equal("metadata count", Outcome(new GgufBytes { FieldCount = count + 10 }.ToArray())!.Field);
        Assert.Equal("k", Outcome(new GgufBytes().Field("k", 8, value => value.Write(count + 100)).ToArray())!.Field);
        Assert.Equal("k", Outcome(new GgufBytes().Field("k", 9, value => { value.Write(8u); value.Write(count + 100); }).ToArray())!.Field);
        Assert.Equal("k", Outcome(new GgufBytes().Field("k", 9, value => { value.Write(0u); value.Write(count + 100); }).ToArray())!.Field);
    }

    [Fact]
    public void What_lies_about_a_tensor_is_named()
    {
        byte[] data = new byte[64];
        Refused("a", "takes 68 bytes", new GgufBytes().Tensor("a", 0, 0, 17), data);
        Refused("a", "takes 4 bytes from byte 64", new GgufBytes().Tensor("a", 0, 64, 1), data);
        Refused("a", "multiple of 32", new GgufBytes().Tensor("a", 0, 8, 1), data);
        Refused("a", "takes 4 bytes from byte 18446744073709551584", new GgufBytes().Tensor("a", 0, ulong.MaxValue - 31, 1), data);
        Refused("a", "more elements than can be counted", new GgufBytes().Tensor("a", 0, 0, 1UL << 40, 1UL << 40), data);
        Refused("a", "more elements than can be counted", new GgufBytes().Tensor("a", 0, 0, 1UL << 61), data);
        Refused("a", "2^63", new GgufBytes().Tensor("a", 0, 0, ulong.MaxValue), data);
        Refused("a", "5 dimensions", new GgufBytes().Tensor("a", 0, 0, 1, 1, 1, 1, 1), data);
        Refused("b", "overlaps", new GgufBytes().Tensor("a", 0, 0, 16).Tensor("b", 0, 32, 1), data);
        Refused("a", "twice", new GgufBytes().Tensor("a", 0, 0, 1).Tensor("a", 0, 32, 1), data);
        Refused("tensor name", "control characters", new GgufBytes().Tensor("a\n", 0, 0, 1), data);
        Refused("tensor name", "empty", new GgufBytes().Tensor("", 0, 0, 1), data);
        Refused("tensor name", "at most 512", new GgufBytes().Tensor(new string('x', 600), 0, 0, 1), data);
    }

    [Fact]
    public void What_lies_in_the_metadata_is_named()
    {
        Refused("k", "type 13", new GgufBytes().Field("k", 13, value => value.Write(0)));
        Refused("k", "twice", new GgufBytes().Field("k", 4, value => value.Write(0)).Field("k", 4, value => value.Write(1)));
        Refused("k", "more than 4 deep", new GgufBytes().Field("k", 9, value =>
        {
            for (int i = 0; i < 100_000; i++)
            {
                value.Write(9u);
                value.Write(1UL);
            }
        }));
        Refused("general.alignment", "power of two", new GgufBytes().Field("general.alignment", 4, value => value.Write(0u)));
        Refused("general.alignment", "power of two", new GgufBytes().Field("general.alignment", 4, value => value.Write(24u)));
        Refused("general.alignment", "Int32", new GgufBytes().Field("general.alignment", 5, value => value.Write(32)));
        Refused("version", "is 1", new GgufBytes { Version = 1 });
        Refused("version", "big-endian", new GgufBytes { Version = 0x03000000 });
        Assert.Equal("magic", Outcome("GGML"u8.ToArray())!.Field);

        // The largest alignment there is leaves no room for data, and does not overflow.
        Assert.NotNull(Outcome(new GgufBytes().Field("general.alignment", 4, value => value.Write(1u << 31)).Tensor("a", 0, 0, 1).ToArray(new byte[64])));
    }

    [Fact]
    public void Text_that_is_not_utf8_is_refused_when_it_is_read()
    {
        byte[] bytes = new GgufBytes().Field("k", 8, value => { value.Write(1UL); value.Write((byte)0xff); }).ToArray();
        using var file = GgufFile.Parse(bytes, "test");

        Assert.Equal("k", Assert.Throws<ModelFormatException>(() => file.Value("k")).Field);
    }

    private static byte[] Whole() => new GgufBytes()
        .Field("general.architecture", 8, value => GgufBytes.WriteText(value, "controlvector"))
        .Field("tokens", 9, value => { value.Write(8u); value.Write(2UL); GgufBytes.WriteText(value, "a"); GgufBytes.WriteText(value, "bc"); })
        .Field("nested", 9, value => { value.Write(9u); value.Write(1UL); value.Write(6u); value.Write(1UL); value.Write(1f); })
        .Tensor("direction.1", 0, 0, 8).Tensor("direction.2", 1, 32, 4, 4).ToArray(new byte[64]);

    private static void Refused(string field, string message, GgufBytes bytes, byte[]? data = null)
    {
        var error = Outcome(bytes.ToArray(data));
        Assert.Equal(field, error?.Field);
        Assert.Contains(message, error!.Message, StringComparison.Ordinal);
    }

    // Opens the file and reads every value and tensor; the error, or null if there was none. Any other exception fails the test.
    private static ModelFormatException? Outcome(byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelFormatException? error = null;
        try
        {
            using var file = GgufFile.Parse(bytes, "hostile.gguf");
            foreach (string key in file.Metadata.Keys) Assert.NotNull(file.Value(key));
            foreach (var entry in file.Tensors.Values) file.ReadFloats(entry.Name);
        }
        catch (ModelFormatException caught)
        {
            error = caught;
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 * bytes.Length + Constant);
        if (error is not null) Assert.StartsWith($"hostile.gguf: {error.Field}: ", error.Message, StringComparison.Ordinal);
        return error;
    }
}
