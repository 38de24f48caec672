using Steering.Tests;
using Steering.Engine.Loading;
using Steering.Engine.Loading.Gguf;

namespace Steering.Engine.Tests.Loading.Gguf;

public sealed class GgufFileTests
{
    [Fact]
    public void What_is_written_is_read_back()
    {
        byte[] bytes = new GgufWriter().AddMetadata("general.architecture", "test").AddMetadata("count", 7).Add("b", [1f, 2, 3, 4, 5, 6], 2, 3).Add("a", [7f], 1).ToArray();

        using var file = GgufFile.Parse(bytes, "test");

        Assert.Equal((3, 32L), (file.Version, file.Alignment));
        Assert.Equal(("test", 7u), (file.Value("general.architecture"), file.Value("count")));
        Assert.Equal(["b", "a"], file.Tensors.Keys);
        Assert.Equal("[2, 3]", file.Tensors["b"].ShapeText);
        Assert.Equal([1f, 2, 3, 4, 5, 6], file.ReadFloats("b"));
        Assert.Equal([7f], file.ReadFloats("a"));
        Assert.All(file.Tensors.Values, entry => Assert.Equal(0, entry.Offset % 32));
        Assert.Null(file.Value("absent"));
        Assert.Contains("no tensor", Assert.Throws<ModelFormatException>(() => file.ReadFloats("c")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mapped_file_reads_as_one_in_memory()
    {
        byte[] bytes = new GgufWriter().AddMetadata("k", "v").Add("a", [1f, -0f, float.Epsilon], 3).ToArray();
        using var folder = new TemporaryFolder();

        using var file = GgufFile.Open(folder.Write("a.gguf", bytes));

        Assert.Equal([1f, -0f, float.Epsilon], file.ReadFloats("a"));
        Assert.Equal("v", file.Value("k"));
        Assert.Equal(bytes.Length, file.Data.Length);
    }

    [Fact]
    public void Values_of_every_type_are_read()
    {
        byte[] bytes = new GgufBytes()
            .Field("u8", 0, value => value.Write((byte)200)).Field("i8", 1, value => value.Write((sbyte)-3))
            .Field("u16", 2, value => value.Write((ushort)60_000)).Field("i16", 3, value => value.Write((short)-30_000))
            .Field("u32", 4, value => value.Write(4_000_000_000)).Field("i32", 5, value => value.Write(-2_000_000_000))
            .Field("f32", 6, value => value.Write(1.5f)).Field("bool", 7, value => value.Write((byte)1))
            .Field("text", 8, value => GgufBytes.WriteText(value, "größe"))
            .Field("u64", 10, value => value.Write(ulong.MaxValue)).Field("i64", 11, value => value.Write(long.MinValue)).Field("f64", 12, value => value.Write(Math.PI))
            .Field("texts", 9, value => { value.Write(8u); value.Write(2UL); GgufBytes.WriteText(value, "a"); GgufBytes.WriteText(value, ""); })
            .Field("floats", 9, value => { value.Write(6u); value.Write(2UL); value.Write(1f); value.Write(2f); })
            .Field("none", 9, value => { value.Write(5u); value.Write(0UL); })
            .Field("nested", 9, value => { value.Write(9u); value.Write(1UL); value.Write(5u); value.Write(2UL); value.Write(3); value.Write(4); })
            .ToArray();

        using var file = GgufFile.Parse(bytes, "test");

        Assert.Equal([(byte)200, (sbyte)-3, (ushort)60_000, (short)-30_000, 4_000_000_000u, -2_000_000_000, 1.5f, true, "größe", ulong.MaxValue, long.MinValue, Math.PI],
            file.Metadata.Keys.Take(12).Select(file.Value));
        Assert.Equal(["a", ""], Assert.IsType<string[]>(file.Value("texts")));
        Assert.Equal([1f, 2], Assert.IsType<float[]>(file.Value("floats")));
        Assert.Empty(Assert.IsType<int[]>(file.Value("none")));
        Assert.Equal([3, 4], Assert.IsType<int[]>(Assert.Single(Assert.IsType<object[]>(file.Value("nested")))));
        Assert.Equal(GgufValueType.Array, file.Metadata["texts"].Type);
    }

    [Fact]
    public void Version_2_and_another_alignment_are_read()
    {
        byte[] data = [.. BitConverter.GetBytes(1f), .. new byte[4], .. BitConverter.GetBytes(2f)];
        byte[] bytes = new GgufBytes { Version = 2 }.Field("general.alignment", 4, value => value.Write(8u)).Tensor("a", 0, 0, 1).Tensor("b", 0, 8, 1).ToArray(data, 8);

        using var file = GgufFile.Parse(bytes, "test");

        Assert.Equal((2, 8L), (file.Version, file.Alignment));
        Assert.Equal([1f], file.ReadFloats("a"));
        Assert.Equal([2f], file.ReadFloats("b"));
    }

    [Fact]
    public void Half_precision_widens_exactly()
    {
        byte[] data = [.. BitConverter.GetBytes((Half)0.1f), .. BitConverter.GetBytes(Half.MaxValue)];

        using var file = GgufFile.Parse(new GgufBytes().Tensor("a", 1, 0, 2).ToArray(data), "test");

        Assert.Equal([(float)(Half)0.1f, 65_504f], file.ReadFloats("a"));
    }

    /// <summary>Number, name, elements and bytes per block of every type of ggml.h.</summary>
    public static TheoryData<uint, string, int, int> GgmlTypes() => new()
    {
        { 0, "F32", 1, 4 }, { 1, "F16", 1, 2 }, { 2, "Q4_0", 32, 18 }, { 3, "Q4_1", 32, 20 }, { 6, "Q5_0", 32, 22 }, { 7, "Q5_1", 32, 24 }, { 8, "Q8_0", 32, 34 }, { 9, "Q8_1", 32, 36 },
        { 10, "Q2_K", 256, 84 }, { 11, "Q3_K", 256, 110 }, { 12, "Q4_K", 256, 144 }, { 13, "Q5_K", 256, 176 }, { 14, "Q6_K", 256, 210 }, { 15, "Q8_K", 256, 292 },
        { 16, "IQ2_XXS", 256, 66 }, { 17, "IQ2_XS", 256, 74 }, { 18, "IQ3_XXS", 256, 98 }, { 19, "IQ1_S", 256, 50 }, { 20, "IQ4_NL", 32, 18 }, { 21, "IQ3_S", 256, 110 },
        { 22, "IQ2_S", 256, 82 }, { 23, "IQ4_XS", 256, 136 }, { 24, "I8", 1, 1 }, { 25, "I16", 1, 2 }, { 26, "I32", 1, 4 }, { 27, "I64", 1, 8 }, { 28, "F64", 1, 8 }, { 29, "IQ1_M", 256, 56 },
        { 30, "BF16", 1, 2 }, { 34, "TQ1_0", 256, 54 }, { 35, "TQ2_0", 256, 66 }, { 39, "MXFP4", 32, 17 }, { 40, "NVFP4", 64, 36 }, { 41, "Q1_0", 128, 18 },
    };

    [Theory]
    [MemberData(nameof(GgmlTypes))]
    public void Tensors_of_every_type_are_described(uint type, string name, int elements, int bytes)
    {
        byte[] data = new byte[3 * 2 * bytes];

        using var file = GgufFile.Parse(new GgufBytes().Tensor("a", type, 0, (ulong)elements * 2, 3).ToArray(data), "test");

        var entry = file.Tensors["a"];
        Assert.Equal((name, (long)data.Length), (entry.TypeName, entry.Length));
        Assert.Equal($"[3, {elements * 2}]", entry.ShapeText);
        Assert.Equal(data.Length, file.Bytes(entry).Length);
        Assert.Throws<ModelFormatException>(() => GgufFile.Parse(new GgufBytes().Tensor("a", type, 0, (ulong)elements * 2, 3).ToArray(data[..^1]), "test"));
        if (entry.Type == ElementType.Unsupported)
        {
            Assert.Contains(name, Assert.Throws<ModelFormatException>(() => file.ReadFloats("a")).Message, StringComparison.Ordinal);
            Assert.Throws<ModelFormatException>(() => GgufFile.Parse(new GgufBytes().Tensor("a", type, 0, (ulong)elements + 1).ToArray(data), "test"));
        }
    }

    [Fact]
    public void Types_that_nobody_knows_are_refused_only_when_they_are_read()
    {
        using var file = GgufFile.Parse(new GgufBytes().Tensor("a", 99, 0, 7).Tensor("b", 0, 32, 1).ToArray(new byte[36]), "test");

        Assert.Equal([0f], file.ReadFloats("b"));
        Assert.Contains("type 99", Assert.Throws<ModelFormatException>(() => file.ReadFloats("a")).Message, StringComparison.Ordinal);
    }
}
