using System.IO.Compression;
using System.Runtime.InteropServices;
using Steering.Engine.Loading;
using Steering.Engine.Vectors;
using Steering.Engine.Vectors.Torch;
using Steering.Tests;

namespace Steering.Engine.Tests.Vectors.Torch;

/// <summary>What torch.save wrote comes out as torch.load would give it.</summary>
public sealed class TorchArchiveTests
{
    // The rows of Files/make.py: arange(12).reshape(3, 4) / 8 - 0.5.
    private static readonly float[] Rows = [.. Enumerable.Range(0, 12).Select(i => i / 8f - 0.5f)];

    [Theory]
    [InlineData("torch.pt")]
    [InlineData("torch-protocol-4.pt")]
    public void Every_kind_of_tensor_is_read_as_f32(string file)
    {
        var content = Assert.IsType<StoredMap>(Read(file));

        AssertArray(content, "float32", "float32", [3, 4], Rows);
        AssertArray(content, "transposed", "float32", [4, 3], [.. Enumerable.Range(0, 12).Select(i => Rows[i % 3 * 4 + i / 3])]);
        AssertArray(content, "row", "float32", [4], Rows[4..8]);
        AssertArray(content, "column", "float32", [3], [Rows[2], Rows[6], Rows[10]]);
        AssertArray(content, "expanded", "float32", [2, 3], [7, 7, 7, 7, 7, 7]);
        AssertArray(content, "scalar", "float32", [], [2.5f]);
        AssertArray(content, "empty", "float32", [0, 4], []);
        AssertArray(content, "float64", "float64", [4], Rows[..4]);
        AssertArray(content, "float16", "float16", [4], Rows[..4]);
        AssertArray(content, "bfloat16", "bfloat16", [4], Rows[..4]);
        AssertArray(content, "int64", "int64", [2], [-1, 1099511627776f]);
        AssertArray(content, "uint8", "uint8", [2], [0, 255]);
        AssertArray(content, "bool", "bool", [2], [1, 0]);
        AssertArray(content, "parameter", "float32", [4], Rows[8..]);
        AssertArray(content, "12", "float32", [4], Rows[..4]);
    }

    [Theory]
    [InlineData("torch.pt")]
    [InlineData("torch-protocol-4.pt")]
    public void Plain_values_and_containers_come_with_them(string file)
    {
        var content = Assert.IsType<StoredMap>(Read(file));

        var state = Assert.IsType<StoredMap>(content.Find("state_dict"));
        AssertArray(state, "weight", "float32", [1, 2], [0.25f, -0.5f]);
        AssertArray(state, "bias", "float32", [1], [3]);
        Assert.Equal(["weight", "bias"], state.Items.Select(item => item.Key));
        Assert.Equal(["z", "a"], Assert.IsType<StoredMap>(content.Find("ordered")).Items.Select(item => item.Key));
        var plain = Assert.IsType<StoredList>(content.Find("plain")).Items;
        Assert.Equal([null, true, -7L, 1L << 40, 0.1, "säge"], plain.Take(6).Select(item => Assert.IsType<StoredScalar>(item).Value));
        Assert.Equal([1L, 2L], Assert.IsType<StoredList>(plain[6]).Items.Select(item => Assert.IsType<StoredScalar>(item).Value));
        Assert.Equal(new StoredScalar("torch.bfloat16"), content.Find("dtype"));
        Assert.Equal([3L, 4L], Assert.IsType<StoredList>(content.Find("size")).Items.Select(item => Assert.IsType<StoredScalar>(item).Value));
        Assert.Equal(new StoredScalar("cpu"), content.Find("device"));
    }

    [Fact]
    public void The_format_before_torch_1_6_is_refused_with_what_to_do()
    {
        var error = Assert.Throws<ModelFormatException>(() => Read("torch-legacy.pt"));
        Assert.Contains("torch.save(torch.load(path, weights_only=True), path)", error.Message, StringComparison.Ordinal);

        byte[] tar = new byte[1024];
        "ustar"u8.CopyTo(tar.AsSpan(257));
        Assert.Contains("before 1.6", Assert.Throws<ModelFormatException>(() => TorchArchive.Read(tar, "old.pt")).Message, StringComparison.Ordinal);
        Assert.Contains("bare pickle", Assert.Throws<ModelFormatException>(() => TorchArchive.Read(new PickleBytes().Op(PickleOpcode.None).Stop(), "x.pkl")).Message, StringComparison.Ordinal);
    }

    // Expected values: unzip, and struct.unpack of the storage's bytes in Python.
    [SkippableFact]
    public void A_published_f64_direction_is_read_from_the_middle_of_its_storage()
    {
        var array = Assert.IsType<StoredArray>(TorchArchive.Read(Published("refusal-direction", "gemma-2b-it", "direction.pt"), "direction.pt"));

        Assert.Equal([2048], array.Shape.ToArray());
        Assert.Equal("float64", array.TypeName);
        Assert.Equal([(float)0.09754041435304753, (float)0.0394956821410124, (float)0.0905295712809917], array.Values[..3]);
        Assert.Equal((float)0.18158950074251035, array.Values[^1]);
        Assert.Equal(10.064353277286576, Norm(array), 1e-6);
    }

    [SkippableTheory]
    [InlineData("gemma-2-2b-it", 2304, 104, 0.041748046875f, 0.9996804449183117, -0.037109375f, 0.9984618603947537)]
    [InlineData("Llama-3.2-1B-Instruct", 2048, 32, 0.002777099609375f, 1.0030130744460426, 0.04052734375f, 1.0010209855194083)]
    public void A_published_plane_has_its_basis_and_projections(string model, int width, int modules, float first, double norm, float second, double secondNorm)
    {
        var plane = Assert.IsType<StoredMap>(TorchArchive.Read(Published("selective-steering", model, "plane.pt"), "plane.pt"));

        Assert.Equal(["basis", "projections", "plane_type", "extra_info", "metadata"], plane.Items.Select(item => item.Key));
        StoredArray[] basis = [.. Assert.IsType<StoredList>(plane.Find("basis")).Items.Cast<StoredArray>()];
        Assert.Equal(2, basis.Length);
        Assert.All(basis, vector => Assert.Equal((width, "bfloat16"), (vector.Values.Length, vector.TypeName)));
        Assert.Equal((first, second), (basis[0].Values[0], basis[1].Values[1]));
        Assert.Equal(norm, Norm(basis[0]), 1e-9);
        Assert.Equal(secondNorm, Norm(basis[1]), 1e-9);
        var projections = Assert.IsType<StoredMap>(plane.Find("projections"));
        Assert.Equal(modules, projections.Items.Length);
        Assert.All(projections.Items, item => Assert.Equal(2, Assert.IsType<StoredList>(item.Value).Items.Count(value => value is StoredScalar { Value: double })));
        Assert.Equal(new StoredScalar("selective"), plane.Find("plane_type"));
        var mask = Assert.IsType<StoredMap>(Assert.IsType<StoredMap>(plane.Find("extra_info")).Find("layer_steering_mask"));
        Assert.Contains(mask.Items, item => item.Value is StoredScalar { Value: true });
    }

    [SkippableTheory]
    [InlineData("gemma-2-2b-it", 104, 5, 2304, -0.006561279296875f, 1.0004919244111499, "model.layers.20.input_layernorm")]
    [InlineData("Llama-3.2-1B-Instruct", 32, 5, 2048, -0.0047607421875f, 1.0011231814264991, "model.layers.12.input_layernorm")]
    public void Published_directions_have_one_tensor_a_module(string model, int modules, int index, int width, float first, double norm, string selected)
    {
        var content = Assert.IsType<StoredMap>(TorchArchive.Read(Published("selective-steering", model, "directions.pt"), "directions.pt"));

        var candidates = Assert.IsType<StoredMap>(content.Find("candidates")).Items;
        Assert.Equal(modules, candidates.Length);
        var array = Assert.IsType<StoredArray>(candidates[index].Value);
        Assert.Equal((width, first), (array.Values.Length, array.Values[0]));
        Assert.Equal(norm, Norm(array), 1e-9);
        Assert.Equal(new StoredScalar(selected), content.Find("selected_layer"));
        Assert.Same(candidates.Single(item => item.Key == selected).Value, content.Find("selected_direction"));
    }

    [Theory]
    [InlineData("DoubleStorage", "float64")]
    [InlineData("FloatStorage", "float32")]
    [InlineData("HalfStorage", "float16")]
    [InlineData("BFloat16Storage", "bfloat16")]
    [InlineData("LongStorage", "int64")]
    [InlineData("IntStorage", "int32")]
    [InlineData("ShortStorage", "int16")]
    [InlineData("CharStorage", "int8")]
    [InlineData("ByteStorage", "uint8")]
    [InlineData("BoolStorage", "bool")]
    public void Each_type_of_storage_has_its_width(string storage, string type)
    {
        int width = StoredType.Find(type)!.Width;
        byte[] bytes = new byte[3 * width];
        // Two in the floats, a power of two in the whole numbers, true.
        bytes[^1] = 0x40;

        var array = Assert.IsType<StoredArray>(TorchArchive.Read(new PickleBytes().Tensor(storage, 3, 1, [2], [1]).Archive(bytes), "x"));

        Assert.Equal(type, array.TypeName);
        Assert.Equal([0f, type switch { "bool" => 1, _ when type.Contains("float", StringComparison.Ordinal) => 2, _ => MathF.Pow(2, 8 * width - 2) }], array.Values);
    }

    [Theory]
    [InlineData("uint16", 2)]
    [InlineData("uint32", 4)]
    [InlineData("uint64", 8)]
    public void Newer_types_come_as_bytes_with_the_type_beside_them(string type, int width)
    {
        byte[] bytes = new byte[2 * width];
        bytes.AsSpan(width).Fill(0xff);
        byte[] file = new PickleBytes().Global("torch._utils", "_rebuild_tensor_v3").Op(PickleOpcode.Mark).Storage("UntypedStorage", "0", bytes.Length, "torch.storage")
            .Number(0).Numbers(2).Numbers(1).NoHooks().Global("torch", type).Op(PickleOpcode.Tuple).Op(PickleOpcode.Reduce).Archive(bytes);

        var array = Assert.IsType<StoredArray>(TorchArchive.Read(file, "x"));

        Assert.Equal((type, 0f, (float)(Math.Pow(2, 8 * width) - 1)), (array.TypeName, array.Values[0], array.Values[1]));
    }

    [Fact]
    public void Archives_of_big_endian_machines_are_read()
    {
        byte[] file = ZipBytes.Of(("a/data.pkl", new PickleBytes().Tensor("FloatStorage", 2, 0, [2], [1]).Stop()), ("a/byteorder", "big"u8.ToArray()), ("a/data/0", [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]));

        Assert.Equal([1f, -2f], Assert.IsType<StoredArray>(TorchArchive.Read(file, "x")).Values);
    }

    [Fact]
    public void Archives_that_were_packed_again_are_read()
    {
        byte[] numbers = MemoryMarshal.AsBytes<float>([1, 2, 3, 4]).ToArray(), pickle = new PickleBytes().Tensor("FloatStorage", 4, 0, [2, 2], [1, 2]).Stop();

        var deflated = TorchArchive.Read(ZipBytes.Of(CompressionLevel.SmallestSize, ("a/", []), ("a/data.pkl", pickle), ("a/data/0", numbers)), "x");
        var withoutFolder = TorchArchive.Read(ZipBytes.Of(("data.pkl", pickle), ("data/0", numbers)), "x");

        Assert.Equal([1f, 3, 2, 4], Assert.IsType<StoredArray>(deflated).Values);
        Assert.Equal([1f, 3, 2, 4], Assert.IsType<StoredArray>(withoutFolder).Values);
    }

    [Fact]
    public void Bytes_may_lie_in_the_middle_of_a_buffer()
    {
        byte[] file = new PickleBytes().Tensor("FloatStorage", 1, 0, [1], [1]).Archive(0, 0, 0x80, 0x3f);
        byte[] buffer = [9, 9, .. file, 9];

        Assert.Equal([1f], Assert.IsType<StoredArray>(TorchArchive.Read(buffer.AsMemory(2, file.Length), "x")).Values);
    }

    private static StoredValue Read(string file) => TorchArchive.Read(File.ReadAllBytes(Repository.PathTo("tests", "Steering.Engine.Tests", "Vectors", "Files", file)), file);

    private static byte[] Published(params string[] parts) => File.ReadAllBytes(Repository.Shared(["data", "vectors", .. parts]));

    private static double Norm(StoredArray array) => Math.Sqrt(array.Values.Sum(value => (double)value * value));

    private static void AssertArray(StoredMap map, string key, string type, int[] shape, float[] values)
    {
        var array = Assert.IsType<StoredArray>(map.Find(key));
        Assert.Equal(type, array.TypeName);
        Assert.Equal(shape, array.Shape);
        Assert.Equal(values, array.Values);
    }
}
