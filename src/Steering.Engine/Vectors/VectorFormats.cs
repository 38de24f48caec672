using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Steering.Engine.Loading;
using Steering.Engine.Loading.Gguf;

namespace Steering.Engine.Vectors;

/// <summary>Tells what a file is by its bytes.</summary>
internal static class VectorFormats
{
    private static readonly string[] Names = ["safetensors", "gguf", "npz", "npy", "torch"];

    public static string NameOf(VectorFormat format) => Names[(int)format];

    /// <summary>The format of a file.</summary>
    /// <param name="asked">What the sender says it is.</param>
    /// <exception cref="ModelFormatException">It is none of them, or another one than was said.</exception>
    public static VectorFormat Recognise(ReadOnlyMemory<byte> bytes, VectorFormat? asked, string file)
    {
        var found = Of(bytes, file);
        if (asked is { } format && format != found) throw new ModelFormatException(file, "format", $"the file is {NameOf(found)} by its content; the request says {NameOf(format)}: leave format out, or send the other file");
        return found;
    }

    private static VectorFormat Of(ReadOnlyMemory<byte> bytes, string file)
    {
        var start = bytes.Span;
        if (start.StartsWith(GgufHeader.Magic)) return VectorFormat.Gguf;
        if (start is [0x93, ..] && start[1..].StartsWith("NUMPY"u8)) return VectorFormat.Npy;
        if (start.StartsWith("PK"u8)) return OfZip(bytes, file);
        if (start.Length > 8 && BinaryPrimitives.ReadUInt64LittleEndian(start) <= (ulong)start.Length - 8 && start[8] == '{') return VectorFormat.Safetensors;
        string what = start switch
        {
            [] => "the file is empty",
            [0x80, _, ..] => "the file is a bare pickle, which is a program; save it with torch.save of torch 1.6 or later (a zip file), or as safetensors",
            [(byte)'{' or (byte)'[', ..] => "the file looks like JSON; send it as the body of the request",
            _ => "the file is of no known kind",
        };
        throw new ModelFormatException(file, "format", $"{what}; expected {string.Join(", ", Names)}");
    }

    private static VectorFormat OfZip(ReadOnlyMemory<byte> bytes, string file)
    {
        var array = MemoryMarshal.TryGetArray(bytes, out var segment) ? segment : new ArraySegment<byte>(bytes.ToArray());
        try
        {
            using var zip = new ZipArchive(new MemoryStream(array.Array!, array.Offset, array.Count, writable: false), ZipArchiveMode.Read);
            if (zip.Entries.Any(entry => entry.FullName.EndsWith("data.pkl", StringComparison.Ordinal))) return VectorFormat.Torch;
            if (zip.Entries.Count > 0 && zip.Entries.All(entry => entry.FullName.EndsWith(".npy", StringComparison.Ordinal))) return VectorFormat.Npz;
        }
        catch (InvalidDataException error)
        {
            throw new ModelFormatException(file, "format", $"the file begins as a zip file and is none: {error.Message}", error);
        }
        throw new ModelFormatException(file, "format", "the zip file holds neither a data.pkl of torch.save nor only .npy arrays of numpy.savez");
    }
}
