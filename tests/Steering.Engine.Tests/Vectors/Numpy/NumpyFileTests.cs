using System.IO.Compression;
using System.Text;
using Steering.Engine.Vectors;
using Steering.Engine.Vectors.Numpy;
using Steering.Tests;

namespace Steering.Engine.Tests.Vectors.Numpy;

/// <summary>What numpy wrote comes out as numpy.load would give it, and numpy reads what is written here.</summary>
public sealed class NumpyFileTests
{
    // The rows of Files/make.py: arange(12).reshape(3, 4) / 8 - 0.5.
    private static readonly float[] Rows = [.. Enumerable.Range(0, 12).Select(i => i / 8f - 0.5f)];

    [Theory]
    [InlineData("float32", "float32")]
    [InlineData("float64", "float64")]
    [InlineData("float16", "float16")]
    [InlineData("big_endian", "float32")]
    [InlineData("fortran", "float32")]
    public void Every_float_type_and_order_is_read_as_row_major_f32(string name, string type)
    {
        var array = Written(name);

        Assert.Equal([3, 4], array.Shape.ToArray());
        Assert.Equal(type, array.TypeName);
        Assert.Equal(Rows, array.Values);
    }

    [Fact]
    public void Other_numbers_scalars_and_empty_arrays_are_read()
    {
        AssertArray("int64", [2], [-1, 1099511627776f]);
        AssertArray("uint16", [2], [1, 65535]);
        AssertArray("bool", [2], [1, 0]);
        AssertArray("scalar", [], [2.5f]);
        AssertArray("empty", [0, 4], []);
        AssertArray("säge/1", [4], Rows[..4]);
        AssertArray("cube", [2, 3, 4], [.. Enumerable.Range(0, 24).Select(i => (float)i)]);
    }

    [Fact]
    public void Arrays_come_in_the_order_they_were_saved() => Assert.Equal(
        ["float32", "float64", "float16", "big_endian", "fortran", "cube", "int64", "uint16", "bool", "scalar", "empty", "säge/1"], NumpyFile.ReadNpz(File("numpy.npz"), "numpy.npz").Items.Select(item => item.Key));

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    public void Each_version_of_the_header_is_read(byte major, byte minor)
    {
        byte[] text = Encoding.ASCII.GetBytes("{\"shape\": (2,),'fortran_order':False , 'descr': '<f2'}   \n");
        byte[] length = major == 1 ? [(byte)text.Length, 0] : [(byte)text.Length, 0, 0, 0];
        byte[] file = [.. NumpyFile.Magic, major, minor, .. length, .. text, 0, 0x3c, 0, 0xc0];

        Assert.Equal([1f, -2f], NumpyFile.ReadNpy(file, "x").Values);
    }

    // The bytes are numpy's own: hashlib.sha256(open(path, "rb").read()) after np.save of arange(6, dtype="<f4").reshape(2, 3) and of its first row.
    [Fact]
    public void Npy_files_have_the_bytes_that_numpy_writes()
    {
        Assert.Equal("47d9cb788e60cfff38faf2237400d94063bde1f42a0ad39297e02642caca6b56", Hash(NumpyFile.WriteNpy([0, 1, 2, 3, 4, 5], 2, 3)));
        Assert.Equal("c03d6ae57a2a6e07646376c9d702d86a7bede33a316b1cc8a69d5dab444bb9e8", Hash(NumpyFile.WriteNpy([0, 1, 2], 3)));
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        byte[] npz = NumpyFile.WriteNpz([("resid_post.4", [1, 2, 3, 4, 5, 6], [2, 3]), ("resid_post.5.b1", [7], [1]), ("empty", [], [0])]);
        var arrays = NumpyFile.ReadNpz(npz, "x").Items;

        Assert.Equal(["resid_post.4", "resid_post.5.b1", "empty"], arrays.Select(item => item.Key));
        Assert.Equal([1, 2, 3, 4, 5, 6], Assert.IsType<StoredArray>(arrays[0].Value).Values);
        Assert.Equal([2, 3], Assert.IsType<StoredArray>(arrays[0].Value).Shape.ToArray());
        Assert.Equal([], NumpyFile.ReadNpy(NumpyFile.WriteNpy([5], []), "x").Shape.ToArray());
    }

    [Fact]
    public void The_same_arrays_give_the_same_bytes_at_any_time()
    {
        byte[] Write() => NumpyFile.WriteNpz([("a", [1, 2], [2]), ("b", [3], [1])]);
        byte[] first = Write();
        using var zip = new ZipArchive(new MemoryStream(first));

        Assert.Equal(first, Write());
        Assert.All(zip.Entries, entry => Assert.Equal((new DateTime(1980, 1, 1), entry.Length), (entry.LastWriteTime.DateTime, entry.CompressedLength)));
    }

    [Fact]
    public void Shapes_that_do_not_fit_and_names_that_repeat_are_not_written()
    {
        Assert.Throws<ArgumentException>(() => NumpyFile.WriteNpy([1, 2, 3], 2, 2));
        Assert.Throws<ArgumentException>(() => NumpyFile.WriteNpz([("a", [1], [1]), ("a", [2], [1])]));
    }

    private static StoredArray Written(string name) => Assert.IsType<StoredArray>(NumpyFile.ReadNpz(File("numpy.npz"), "numpy.npz").Find(name));

    private static byte[] File(string name) => System.IO.File.ReadAllBytes(Repository.PathTo("tests", "Steering.Engine.Tests", "Vectors", "Files", name));

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));

    private static void AssertArray(string name, int[] shape, float[] values)
    {
        var array = Written(name);
        Assert.Equal(shape, array.Shape);
        Assert.Equal(values, array.Values);
    }
}
