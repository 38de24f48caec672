using System.IO.Compression;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors;

/// <summary>
/// A zip file in memory whose entries are read whole, within a budget and with their checksums compared. No name is ever used as a path;
/// names that only make sense as an attack on whoever would (<c>../x</c>, <c>/x</c>) are refused all the same.
/// </summary>
internal sealed class ZipContents : IDisposable
{
    // What the framework allocates for an entry of the directory beside its name, and for reading one, generously.
    private const int EntryCost = 1024;

    private static readonly string[] OutOfPlace = ["//", "/./", "/../"];

    private readonly string _file;
    private readonly ReadBudget _budget;
    private readonly ZipArchive _zip;
    private readonly OrderedDictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);

    private ZipContents(string file, ReadBudget budget, ZipArchive zip) => (_file, _budget, _zip) = (file, budget, zip);

    /// <summary>Names of the files inside, in the order of the archive's directory.</summary>
    public IReadOnlyCollection<string> Names => _entries.Keys;

    /// <param name="bytes">The whole zip file.</param>
    /// <param name="file">For messages.</param>
    /// <param name="budget">What unpacking may take.</param>
    /// <exception cref="ModelFormatException">It is no zip file, or has an entry that is encrypted, named twice or named like a path to elsewhere.</exception>
    public static ZipContents Open(ReadOnlyMemory<byte> bytes, string file, ReadBudget budget)
    {
        // The framework reads the directory as long as entries follow, whatever count the file gives: each has this signature.
        budget.Take((long)EntryCost * bytes.Span.Count("PK\x01\x02"u8), "zip directory");
        if (!MemoryMarshal.TryGetArray(bytes, out var array)) array = bytes.ToArray();
        try
        {
            var contents = new ZipContents(file, budget, new ZipArchive(new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)));
            foreach (var entry in contents._zip.Entries) contents.Add(entry);
            return contents;
        }
        catch (Exception error) when (IsMalformed(error))
        {
            throw new ModelFormatException(file, "zip directory", $"is not readable: {error.Message}", error);
        }
    }

    /// <summary>The bytes of one file; null where there is none of this name.</summary>
    /// <exception cref="ModelFormatException">It cannot be unpacked, has another size or checksum than the directory says, or does not fit the budget.</exception>
    public byte[]? Read(string name)
    {
        if (!_entries.TryGetValue(name, out var entry)) return null;
        _budget.Take(EntryCost + entry.Length, name);
        byte[] bytes = new byte[entry.Length];
        try
        {
            using var stream = entry.Open();
            stream.ReadExactly(bytes);
            if (stream.ReadByte() >= 0) throw Bad(name, $"unpacks to more than the {entry.Length} bytes that the zip directory says");
        }
        catch (Exception error) when (IsMalformed(error))
        {
            throw new ModelFormatException(_file, name, $"does not unpack to the {entry.Length} bytes that the zip directory says: {error.Message}", error);
        }
        if (Crc32.HashToUInt32(bytes) != entry.Crc32) throw Bad(name, "is damaged: its checksum is not the one in the zip directory (torch leaves it out after set_crc32_options(False)): send the file again, or save it again");
        return bytes;
    }

    public void Dispose() => _zip.Dispose();

    private void Add(ZipArchiveEntry entry)
    {
        string name = entry.FullName;
        string shown = Excerpt.Of(name);
        _budget.Take(8 * name.Length, "zip directory");
        if (entry.Length < 0 || entry.Length > Array.MaxLength) throw Bad(shown, $"has {entry.Length} bytes; at most {Array.MaxLength} are read");
        if (name.EndsWith('/') && entry.Length == 0) name = name[..^1];
        string path = $"/{name}/";
        if (path.AsSpan().ContainsAny('\\', '\0') || path.IndexOf(':') == 2 || OutOfPlace.Any(part => path.Contains(part, StringComparison.Ordinal)))
            throw Bad("zip directory", $"names '{shown}', a path out of the archive; expected names such as 'archive/data.pkl' or 'layer_4.npy'");
        if (entry.IsEncrypted) throw Bad(shown, "is encrypted; save the file without a password");
        if (name.Length == entry.FullName.Length && !_entries.TryAdd(name, entry)) throw Bad(shown, "is in the archive twice, so which one is meant cannot be told");
    }

    private ModelFormatException Bad(string field, string message) => new(_file, field, message);

    // What the framework's reader throws for files that lie: it documents the first; a stream that ends early throws the second, one that begins at 2^63 (zip64) the third.
    private static bool IsMalformed(Exception error) => error is InvalidDataException or IOException or ArgumentOutOfRangeException;
}
