using System.IO.Compression;
using System.Text;
using Steering.Engine.Loading;
using Steering.Engine.Vectors.Numpy;
using Steering.Tests;

namespace Steering.Engine.Tests.Vectors.Numpy;

/// <summary>Whatever a file of numpy says, reading it ends in arrays or in a ModelFormatException that names the field, within the budget.</summary>
public sealed class HostileNumpyTests
{
    private const string Honest = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

    [Theory]
    [InlineData("objects.npy", "descr", "holds pickled Python objects; save with allow_pickle=False: np.savez(path, **arrays)")]
    [InlineData("structured.npy", "descr", "is a structured type; save each field as an array of its own")]
    public void Arrays_that_are_not_of_numbers_are_refused_by_name(string file, string field, string said)
    {
        byte[] bytes = File.ReadAllBytes(Repository.PathTo("tests", "Steering.Engine.Tests", "Vectors", "Files", file));

        Assert.Equal(field, Outcome(bytes)!.Field);
        Assert.Contains(said, Outcome(bytes)!.Message, StringComparison.Ordinal);
        Assert.Equal($"x.npy {field}", Reading.Outcome(ZipBytes.Of(("x.npy", bytes)), NumpyFile.ReadNpz)!.Field);
    }

    [Theory]
    [InlineData("<f16")]
    [InlineData("<c8")]
    [InlineData("<U5")]
    [InlineData("|S4")]
    [InlineData("|V2")]
    [InlineData("<M8[ns]")]
    [InlineData("|f4")]
    [InlineData("=f4")]
    [InlineData("f4")]
    [InlineData("<b2")]
    [InlineData("<i3")]
    [InlineData("<i")]
    [InlineData("<")]
    [InlineData("")]
    public void Types_that_are_not_read_are_named(string descr)
    {
        var error = Outcome(Npy($"{{'descr': '{descr}', 'fortran_order': False, 'shape': (2,), }}", 8))!;

        Assert.Equal("descr", error.Field);
        Assert.Contains($"is '{descr}'; expected floats", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "header")]
    [InlineData("None", "header")]
    [InlineData("{}", "header")]
    [InlineData("{", "header")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}", "header")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'extra': 1}", "header")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "header")]
    [InlineData("{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}", "header")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} or __import__('os').system('x')", "header")]
    [InlineData("{'descr': __import__('os'), 'fortran_order': False, 'shape': (2,)}", "header")]
    [InlineData("{'descr': '<f4", "header")]
    [InlineData("{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (2,)}", "header")]
    [InlineData("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", "fortran_order")]
    [InlineData("{'descr': '<f4', 'fortran_order': false, 'shape': (2,)}", "fortran_order")]
    [InlineData("{'descr': '<f4', 'fortran_order': ", "fortran_order")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", "shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': 2}", "header")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': [2]}", "header")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", "shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}", "header")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,,)}", "shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (,)}", "shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2L,)}", "header")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2147483648,)}", "shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2)}", "shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, ", "shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "data")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "data")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}", "data")]
    [InlineData("{'descr': '<f8', 'fortran_order': True, 'shape': (2,)}", "data")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 2147483647, 2147483647)}", "data")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 2147483647, 2147483647, 2147483647, 2147483647, 2147483647, 2147483647, 2147483647)}", "data")]
    public void A_lying_header_is_named(string header, string field) => Assert.Equal(field, Outcome(Npy(header, 8))!.Field);

    [Fact]
    public void Products_that_wrap_around_to_the_right_size_are_refused()
    {
        // 2^128 elements and more: nothing, in 128 bits.
        string shape = string.Join(", ", Enumerable.Repeat(1 << 16, 8));

        Assert.Equal("shape", Outcome(Npy($"{{'descr': '|u1', 'fortran_order': True, 'shape': ({shape}), }}", 0))!.Field);
    }

    [Theory]
    [InlineData(4, 0)]
    [InlineData(0, 0)]
    [InlineData(255, 255)]
    public void Versions_that_nobody_knows_are_refused(byte major, byte minor)
    {
        byte[] bytes = Npy(Honest, 8);
        (bytes[6], bytes[7]) = (major, minor);

        Assert.Contains($"is of version {major}.{minor}", Outcome(bytes)!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 0xffffu)]
    [InlineData(1, 9999u)]
    [InlineData(2, 0xffffffffu)]
    [InlineData(2, 0x80000000u)]
    [InlineData(3, 9999u)]
    public void A_lying_header_length_is_named(byte major, uint length)
    {
        byte[] bytes = Npy(Honest, 8);
        bytes[6] = major;
        BitConverter.GetBytes(length).AsSpan(0, major == 1 ? 2 : 4).CopyTo(bytes.AsSpan(8));

        Assert.Equal("header", Outcome(bytes)!.Field);
    }

    [Fact]
    public void Bombs_are_refused_before_they_are_unpacked()
    {
        byte[] bomb = ZipBytes.Of(CompressionLevel.Fastest, ("zeros.npy", NumpyFile.WriteNpy(new float[8 << 20], 8 << 20)));

        var error = Reading.Outcome(bomb, NumpyFile.ReadNpz)!;

        Assert.Equal("zeros.npy", error.Field);
        Assert.Contains("save it uncompressed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_arrays_stay_within_the_budget_read_or_refused()
    {
        foreach (int count in (int[])[1000, 4000, 16_000])
            Reading.Outcome(NumpyFile.WriteNpz(Enumerable.Range(0, count).Select(i => ($"{i}", new float[] { i }, new int[] { 1 }))), NumpyFile.ReadNpz);
    }

    [Fact]
    public void Files_that_are_no_arrays_and_damaged_ones_are_refused()
    {
        Assert.Equal("readme.txt", Reading.Outcome(ZipBytes.Of(("a.npy", NumpyFile.WriteNpy([1], 1)), ("readme.txt", [1])), NumpyFile.ReadNpz)!.Field);
        Assert.Equal("a.npy header", Reading.Outcome(ZipBytes.Of(("a.npy", "#!/bin/sh"u8.ToArray())), NumpyFile.ReadNpz)!.Field);
        byte[] damaged = ZipBytes.Replaced(NumpyFile.WriteNpz([("a", [1.5f], [1])]), BitConverter.GetBytes(1.5f), BitConverter.GetBytes(2.5f));
        Assert.Contains("is damaged: its checksum", Reading.Outcome(damaged, NumpyFile.ReadNpz)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] npy = NumpyFile.WriteNpy([1, 2, 3, 4], 2, 2), npz = NumpyFile.WriteNpz([("a", [1, 2, 3, 4], [2, 2])]);

        for (int length = 0; length < npy.Length; length++) Assert.NotNull(Outcome(npy[..length]));
        for (int length = 0; length < npz.Length; length++) Assert.NotNull(Reading.Outcome(npz[..length], NumpyFile.ReadNpz));
        Assert.Equal("data", Outcome([.. npy, 0])!.Field);
    }

    [Fact]
    public void Flipped_bits_never_do_worse_than_an_error()
    {
        byte[] npy = NumpyFile.WriteNpy([1, 2, 3, 4], 2, 2), npz = NumpyFile.WriteNpz([("a", [1, 2, 3, 4], [2, 2])]);

        Assert.InRange(Reading.Refused(npy, 4000, Outcome), 1000, 3999);
        Assert.InRange(Reading.Refused(npz, 4000, bytes => Reading.Outcome(bytes, NumpyFile.ReadNpz)), 2000, 3999);
    }

    private static ModelFormatException? Outcome(byte[] bytes) => Reading.Outcome(bytes, NumpyFile.ReadNpy);

    private static byte[] Npy(string header, int data)
    {
        byte[] text = Encoding.ASCII.GetBytes(header);
        return [.. NumpyFile.Magic, 1, 0, (byte)text.Length, 0, .. text, .. new byte[data]];
    }
}
