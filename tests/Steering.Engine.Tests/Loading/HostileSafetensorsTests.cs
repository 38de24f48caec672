using System.Buffers.Binary;
using System.Text;
using Steering.Engine.Loading;
using Steering.Tests;

namespace Steering.Engine.Tests.Loading;

/// <summary>Whatever a file says, reading it ends in a tensor or in a ModelFormatException that names the field, without allocating more than the file is large plus a constant.</summary>
public sealed class HostileSafetensorsTests : IDisposable
{
    // What an exception with its message and stack trace takes, generously.
    private const long Constant = 256 << 10;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] whole = File.ReadAllBytes(Repository.PathTo("models", "storyworld", "vectors", "mood-joyful.safetensors"));
        int dataStart = 8 + BinaryPrimitives.ReadInt32LittleEndian(whole);
        for (int length = 0; length < whole.Length; length += length < dataStart + 16 ? 1 : 97)
            Assert.NotNull(Outcome(whole[..length]));

        Assert.Null(Outcome(whole));
        Assert.NotNull(Outcome([.. whole, 0]));
    }

    [Fact]
    public void Truncated_files_on_disk_are_refused()
    {
        byte[] whole = new SafetensorsWriter().Add("a", [1f, 2], 2).AddMetadata("k", "v").ToArray();
        for (int length = 0; length < whole.Length; length++)
        {
            string path = _folder.Write("cut.safetensors", whole[..length]);
            Assert.Equal(path, Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path)).File);
        }
    }

    [Fact]
    public void Flipped_bits_never_do_worse_than_an_error()
    {
        byte[] whole = new SafetensorsWriter().Add("resid_post.4", [1f, 2], 2).Add("b", [7L], 1).Add("c", ReadOnlySpan<float>.Empty, 0).AddMetadata("unit", "raw").ToArray();
        int refused = Corruption.FlippedBits(whole, 6000).Count(flipped => Outcome(flipped) is not null);

        Assert.InRange(refused, 3000, 6000);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData((ulong)long.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(100_000_001UL)]
    [InlineData(100_000_000UL)]
    [InlineData(3UL)]
    public void A_lying_header_length_is_named(ulong length)
    {
        byte[] bytes = new byte[10];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);

        Assert.Equal("header length", Outcome(bytes)!.Field);
    }

    [Theory]
    [InlineData("", "header at byte 0")]
    [InlineData("[]", "header")]
    [InlineData("null", "header")]
    [InlineData("{", "header at byte 1")]
    [InlineData("{} x", "header at byte")]
    [InlineData("{}{}", "header at byte")]
    [InlineData("""{"a":1}""", "a")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "a")]
    [InlineData("""{"a":{"shape":[1],"data_offsets":[0,4]}}""", "a.dtype")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,4]}}""", "a.shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", "a.data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "a.dtype")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":1}}""", "a.extra")]
    [InlineData("""{"a":{"dtype":32,"shape":[1],"data_offsets":[0,4]}}""", "a.dtype")]
    [InlineData("""{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", "a.shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "a.shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", "a.shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", "a.shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "a.shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,4]}}""", "a.shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}}""", "a.shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967297],"data_offsets":[0,4]}}""", "a.shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4,0],"data_offsets":[0,0]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "a.shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", "a.shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", "a.data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", "a.data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", "a.data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", "a.data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "a.data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[9223372036854775807,9223372036854775807]}}""", "a.data_offsets")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "a.data_offsets")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", "data")]
    [InlineData("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "b.data_offsets")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", "b.data_offsets")]
    [InlineData("""{"":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "header")]
    [InlineData("""{"\u0007":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "header")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "header")]
    [InlineData("""{"a":{"dtype":"\udc00","shape":[1],"data_offsets":[0,4]}}""", "a.dtype")]
    [InlineData("""{"a":{"\ud800":"F32","shape":[1],"data_offsets":[0,4]}}""", "a")]
    [InlineData("""{"__metadata__":[]}""", "__metadata__")]
    [InlineData("""{"__metadata__":{"k":1}}""", "__metadata__.k")]
    [InlineData("""{"__metadata__":{"k":{"k":"v"}}}""", "__metadata__.k")]
    [InlineData("""{"__metadata__":{"k":"1","k":"2"}}""", "__metadata__.k")]
    [InlineData("""{"__metadata__":{},"__metadata__":{}}""", "__metadata__")]
    [InlineData("""{"__metadata__":{"k":"\ud800"}}""", "__metadata__.k")]
    public void A_lying_header_is_named(string header, string field) => Assert.StartsWith(field, Outcome(Bytes(header, 4))!.Field, StringComparison.Ordinal);

    [Fact]
    public void Types_that_nobody_knows_are_refused_only_when_they_are_read()
    {
        using var file = SafetensorsFile.Parse(Bytes("""{"a":{"dtype":"F3","shape":[7],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8), "test");

        Assert.Equal([0f], file.ReadFloats("b"));
        Assert.Contains("F3", Assert.Throws<ModelFormatException>(() => file.ReadFloats("a")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Invalid_utf8_is_refused()
    {
        byte[] bytes = Bytes("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4);
        bytes[10] = 0xff;

        Assert.Equal("header", Outcome(bytes)!.Field);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{\"a\":")]
    [InlineData("{\"__metadata__\":{\"a\":")]
    public void Nesting_is_bounded(string unit) => Assert.NotNull(Outcome(Bytes(string.Concat(Enumerable.Repeat(unit, 200_000)), 0)));

    [Fact]
    public void Headers_of_very_many_tensors_are_bounded()
    {
        var header = new StringBuilder("{");
        for (int i = 0; i < 200_000; i++) header.Append(i == 0 ? "" : ",").Append('"').Append(i).Append("\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}");
        byte[] bytes = Bytes(header.Append('}').ToString(), 0);

        Assert.Contains("more than 131072 tensors", Outcome(bytes, 64 << 20)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_names_and_metadata_are_bounded()
    {
        Assert.Equal("header", Outcome(Bytes($$"""{"{{new string('x', 1 << 20)}}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]} }""", 0))!.Field);
        Assert.Equal("a.dtype", Outcome(Bytes($$"""{"a":{"dtype":"{{new string('x', 1 << 20)}}","shape":[0],"data_offsets":[0,0]} }""", 0))!.Field);
        Assert.Equal("__metadata__.k", Outcome(Bytes($$"""{"__metadata__":{"k":"{{new string('x', 17 << 20)}}" } }""", 0))!.Field);
    }

    [SkippableFact]
    public void Hostile_metadata_is_text_like_any_other()
    {
        using var file = SafetensorsFile.Open(Repository.Shared("data", "malformed", "safetensors", "obfuscated_metadata.safetensors"));

        Assert.Equal(3, file.Tensors.Count);
        Assert.Equal(768 * 256, file.ReadFloats("weights").Length);
        Assert.Contains("base64", file.Metadata["encoded_payload"], StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Bytes(string header, int data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header), bytes = new byte[8 + json.Length + data];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        return bytes;
    }

    // Opens the file and reads every tensor; the error, or null if there was none. Any other exception fails the test.
    private static ModelFormatException? Outcome(byte[] bytes, long constant = Constant)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelFormatException? error = null;
        try
        {
            using var file = SafetensorsFile.Parse(bytes, "hostile.safetensors");
            foreach (var entry in file.Tensors.Values)
            {
                if (entry.Type == ElementType.Int64) file.ReadInt64s(entry.Name);
                else file.ReadFloats(entry.Name);
            }
        }
        catch (ModelFormatException caught)
        {
            error = caught;
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, bytes.Length + constant);
        if (error is not null)
        {
            Assert.NotEmpty(error.Field);
            Assert.StartsWith($"hostile.safetensors: {error.Field}: ", error.Message, StringComparison.Ordinal);
        }
        return error;
    }
}
