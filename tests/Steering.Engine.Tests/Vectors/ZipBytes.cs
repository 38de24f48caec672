using System.IO.Compression;

namespace Steering.Engine.Tests.Vectors;

/// <summary>Zip files for tests, honest ones; tests spoil the bytes.</summary>
internal static class ZipBytes
{
    public static byte[] Of(params ReadOnlySpan<(string Name, byte[] Bytes)> entries) => Of(CompressionLevel.NoCompression, entries);

    public static byte[] Of(CompressionLevel compression, params ReadOnlySpan<(string Name, byte[] Bytes)> entries)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, bytes) in entries)
            {
                using var content = zip.CreateEntry(name, compression).Open();
                content.Write(bytes);
            }
        }
        return stream.ToArray();
    }

    /// <summary>The zip file with every occurrence of some bytes replaced by as many others.</summary>
    public static byte[] Replaced(byte[] zip, ReadOnlySpan<byte> old, ReadOnlySpan<byte> replacement)
    {
        Assert.Equal(old.Length, replacement.Length);
        byte[] replaced = [.. zip];
        int from = 0, found = 0;
        for (int at; (at = replaced.AsSpan(from).IndexOf(old)) >= 0; from += at + old.Length, found++) replacement.CopyTo(replaced.AsSpan(from + at));
        Assert.NotEqual(0, found);
        return replaced;
    }
}
