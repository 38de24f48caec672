using Steering.Engine.Loading;
using Steering.Tests;

namespace Steering.Engine.Tests.Loading;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> CommittedFiles()
    {
        var data = new TheoryData<string>();
        foreach (string root in new[] { Repository.PathTo("tests", "Golden", "models"), Repository.PathTo("models") })
            foreach (string path in Directory.EnumerateFiles(root, "*.safetensors", SearchOption.AllDirectories).Order(StringComparer.Ordinal)) data.Add(Path.GetRelativePath(Repository.Root, path));
        return data;
    }

    [Theory]
    [MemberData(nameof(CommittedFiles))]
    public void Every_committed_file_opens_and_reads(string path)
    {
        using var file = SafetensorsFile.Open(Repository.PathTo(path));

        Assert.NotEmpty(file.Tensors);
        foreach (var entry in file.Tensors.Values)
        {
            if (entry.Type == ElementType.Int64) Assert.Equal(entry.Elements, file.ReadInt64s(entry.Name).LongLength);
            else Assert.All(file.ReadFloats(entry.Name), value => Assert.True(float.IsFinite(value)));
        }
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        byte[] bytes = new SafetensorsWriter()
            .Add("z", [1f, 2, 3, 4, 5, 6], 2, 3)
            .Add("a", [7L, -1], 2)
            .Add("scalar", [3.5f])
            .Add("none", ReadOnlySpan<float>.Empty, 0, 4)
            .AddMetadata("unit", "raw").AddMetadata("ünï \"q\"", "\n")
            .ToArray();
        using var file = SafetensorsFile.Open(_folder.Write("f.safetensors", bytes));

        Assert.Equal(["a", "none", "scalar", "z"], file.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([1f, 2, 3, 4, 5, 6], file.ReadFloats("z"));
        Assert.Equal<long>([2, 3], file.Require("z").Shape);
        Assert.Equal([7, -1], file.ReadInt64s("a"));
        Assert.Equal([3.5f], file.ReadFloats("scalar"));
        Assert.Empty(file.ReadFloats("none"));
        Assert.Equal("raw", file.Metadata["unit"]);
        Assert.Equal("\n", file.Metadata["ünï \"q\""]);
        Assert.Equal(0, (file.Require("a").Offset) % 8);
    }

    [Fact]
    public void Written_bytes_do_not_depend_on_the_order_of_adding()
    {
        byte[] one = new SafetensorsWriter().Add("b", [2f], 1).Add("a", [1f], 1).AddMetadata("y", "2").AddMetadata("x", "1").ToArray();
        byte[] other = new SafetensorsWriter().AddMetadata("x", "1").AddMetadata("y", "2").Add("a", [1f], 1).Add("b", [2f], 1).ToArray();

        Assert.Equal(one, other);
    }

    [Fact]
    public void Every_float_type_widens_to_f32()
    {
        double[] values = [0, -0.0, 1, -1.5, 65504, 6.103515625e-5];
        byte[] Bytes<T>(Func<double, T> convert, Func<T, byte[]> write) => [.. values.SelectMany(value => write(convert(value)))];
        using var file = SafetensorsFile.Open(_folder.Write("f.safetensors", new SafetensorsWriter()
            .Add("f16", "F16", Bytes(value => (Half)value, BitConverter.GetBytes), 6)
            .Add("bf16", "BF16", Bytes(value => (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16), BitConverter.GetBytes), 6)
            .Add("f32", "F32", Bytes(value => (float)value, BitConverter.GetBytes), 6)
            .Add("f64", "F64", Bytes(value => value, BitConverter.GetBytes), 6)
            .Add("third", "F64", BitConverter.GetBytes(1.0 / 3))
            .ToArray()));
        float[] expected = [.. values.Select(value => (float)value)];

        Assert.Equal(expected, file.ReadFloats("f16"));
        Assert.Equal(expected, file.ReadFloats("f32"));
        Assert.Equal(expected, file.ReadFloats("f64"));
        Assert.Equal([0f, 0, 1, -1.5f, 65280, 6.103515625e-5f], file.ReadFloats("bf16"));
        Assert.Equal([1f / 3], file.ReadFloats("third"));
        Assert.True(float.IsNegative(file.ReadFloats("f16")[1]));
    }

    [Theory]
    [InlineData("F8_E4M3")]
    [InlineData("U32")]
    [InlineData("I8")]
    [InlineData("BOOL")]
    public void Types_that_are_not_floats_are_refused_when_they_are_read_as_floats(string type)
    {
        int width = type == "U32" ? 4 : 1;
        using var file = SafetensorsFile.Open(_folder.Write("f.safetensors", new SafetensorsWriter().Add("odd", type, new byte[2 * width], 2).Add("fine", [1f], 1).ToArray()));

        Assert.Equal([1f], file.ReadFloats("fine"));
        var error = Assert.Throws<ModelFormatException>(() => file.ReadFloats("odd"));
        Assert.Equal("odd.dtype", error.Field);
        Assert.Contains(type, error.Message, StringComparison.Ordinal);
        Assert.Throws<ModelFormatException>(() => file.ReadInt64s("fine"));
    }

    [Fact]
    public void A_tensor_that_is_not_there_is_named()
    {
        using var file = SafetensorsFile.Open(_folder.Write("f.safetensors", new SafetensorsWriter().Add("a", [1f], 1).ToArray()));

        Assert.Equal("b", Assert.Throws<ModelFormatException>(() => file.ReadFloats("b")).Field);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        var error = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(_folder.File("missing.safetensors")));

        Assert.EndsWith("missing.safetensors", error.File, StringComparison.Ordinal);
        Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(_folder.Path));
    }

    [Fact]
    public void The_writer_refuses_contradictions()
    {
        var writer = new SafetensorsWriter().Add("a", [1f], 1);

        Assert.Throws<ArgumentException>(() => writer.Add("a", [1f], 1));
        Assert.Throws<ArgumentException>(() => writer.Add("b", [1f], 2));
        Assert.Throws<ArgumentException>(() => writer.Add("c", "F3", [0], 1));
    }

    public void Dispose() => _folder.Dispose();
}
