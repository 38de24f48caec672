using System.Buffers.Binary;
using Steering.Engine.Loading;
using Steering.Engine.Loading.Gguf;
using Steering.Engine.Vectors.Numpy;

namespace Steering.Engine.Vectors;

/// <summary>The names of formats, and what a file is by its bytes.</summary>
public static class VectorFormats
{
    private static readonly string[] AllNames = ["safetensors", "gguf", "npz", "npy", "torch"];

    /// <summary>The formats that are read, by name.</summary>
    public static IReadOnlyList<string> Names => AllNames;

    public static string NameOf(VectorFormat format) => AllNames[(int)format];

    public static bool TryParse(string name, out VectorFormat format)
    {
        int index = Array.IndexOf(AllNames, name);
        format = (VectorFormat)Math.Max(index, 0);
        return index >= 0;
    }

    /// <summary>The format of a file.</summary>
    /// <param name="asked">What the sender says it is.</param>
    /// <exception cref="ModelFormatException">It is none of them, or another one than was said.</exception>
    internal static VectorFormat Recognise(ReadOnlyMemory<byte> bytes, VectorFormat? asked, string file)
    {
        var found = Of(bytes, file);
        if (asked is { } format && format != found) throw new ModelFormatException(file, "format", $"the file is {NameOf(found)} by its content; the request says {NameOf(format)}: leave format out, or send the other file");
        return found;
    }

    private static VectorFormat Of(ReadOnlyMemory<byte> bytes, string file)
    {
        var start = bytes.Span;
        if (start.StartsWith(GgufHeader.Magic)) return VectorFormat.Gguf;
        if (start.StartsWith(NumpyFile.Magic)) return VectorFormat.Npy;
        if (start.StartsWith("PK"u8)) return OfZip(bytes, file);
        if (start.Length > 8 && BinaryPrimitives.ReadUInt64LittleEndian(start) <= (ulong)SafetensorsHeader.MaxLength && start[8] == '{') return VectorFormat.Safetensors;
        // A pickle: torch's reader says what to do about the forms it does not read.
        if (start is [0x80, ..]) return VectorFormat.Torch;
        string what = start switch
        {
            [] => "the file is empty",
            [(byte)'{' or (byte)'[', ..] => "the file looks like JSON, which is sent as the body of a request",
            _ => "the file is of no known kind",
        };
        throw new ModelFormatException(file, "format", $"{what}; expected {string.Join(", ", AllNames)}");
    }

    private static VectorFormat OfZip(ReadOnlyMemory<byte> bytes, string file)
    {
        using var zip = ZipContents.Open(bytes, file, new ReadBudget(file, bytes.Length));
        if (zip.Names.Any(name => name.EndsWith("data.pkl", StringComparison.Ordinal))) return VectorFormat.Torch;
        return zip.Names.Count > 0 && zip.Names.All(name => name.EndsWith(".npy", StringComparison.Ordinal)) ? VectorFormat.Npz
            : throw new ModelFormatException(file, "format", "the zip file holds neither a data.pkl of torch.save nor only .npy arrays of numpy.savez");
    }
}
