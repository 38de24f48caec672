using Steering.Engine.Loading;

namespace Steering.Engine.Vectors.Torch;

/// <summary>
/// A file of torch.save since torch 1.6 (<c>.pt</c>, <c>.pth</c>, <c>.bin</c>): a zip file with a pickle, <c>data.pkl</c>, and the numbers of each storage in <c>data/{key}</c>.
/// Nothing in it is run: the pickle is read by a machine that knows tensors and plain containers and refuses everything else by name.
/// </summary>
internal static class TorchArchive
{
    /// <summary>What was saved. Tensors come as f32 whatever their type and layout, tuples as lists, dtypes and devices as text, keys that are whole numbers as text.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="file">For messages.</param>
    /// <exception cref="ModelFormatException">It is of an older format, damaged, holds more than tensors and plain values, or would take more than <see cref="ReadBudget"/> to read.</exception>
    public static StoredValue Read(ReadOnlyMemory<byte> bytes, string file)
    {
        RefuseOlderFormats(bytes.Span, file);
        var budget = new ReadBudget(file, bytes.Length);
        using var zip = ZipContents.Open(bytes, file, budget);
        string[] pickles = [.. zip.Names.Where(name => name == PickleInput.Name || name.EndsWith("/" + PickleInput.Name, StringComparison.Ordinal))];
        if (pickles is not [string pickle]) throw new ModelFormatException(file, PickleInput.Name, $"is in the zip file {pickles.Length} times; a file of torch.save has it once, in a folder such as 'archive'");
        string root = pickle[..^PickleInput.Name.Length];
        var input = new PickleInput(file, zip.Read(pickle)!, budget);
        var objects = new TorchObjects(zip, root, IsBigEndian(zip, root, file), budget);
        return new StoredTree(file, budget).Convert(new PickleReader(input, objects, budget).Read());
    }

    // Before 1.6: a pickled magic number (serialization.MAGIC_NUMBER) and more pickles; before 0.1.10: a tar file.
    private static void RefuseOlderFormats(ReadOnlySpan<byte> bytes, string file)
    {
        bool isLegacy = bytes.Length > 1 && bytes[0] == 0x80 && bytes[2..].StartsWith((ReadOnlySpan<byte>)[0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]);
        bool isTar = bytes.Length > 262 && bytes[257..].StartsWith("ustar"u8);
        if (isLegacy || isTar)
            throw new ModelFormatException(file, "format", "was written by a torch before 1.6, or with _use_new_zipfile_serialization=False; save it again: torch.save(torch.load(path, weights_only=True), path)");
        if (bytes is [0x80, >= 2 and <= 5, ..])
            throw new ModelFormatException(file, "format", "is a bare pickle, whose numbers only Python can rebuild; save it with torch.save or as safetensors");
    }

    private static bool IsBigEndian(ZipContents zip, string root, string file)
    {
        byte[]? order = zip.Read(root + "byteorder");
        if (order is null || order.AsSpan().SequenceEqual("little"u8)) return false;
        return order.AsSpan().SequenceEqual("big"u8) ? true : throw new ModelFormatException(file, "byteorder", "is neither 'little' nor 'big'");
    }
}
