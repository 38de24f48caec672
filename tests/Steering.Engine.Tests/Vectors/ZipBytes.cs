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

    /// <summary>A zip file of one stored entry whose sizes and offset are given in 64 bits, as for files beyond 4 GiB.</summary>
    public static byte[] Zip64(string name, byte[] bytes, ulong size, ulong packedSize, ulong offset)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        uint checksum = System.IO.Hashing.Crc32.HashToUInt32(bytes);
        byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(name);
        void Write(params ReadOnlySpan<object> fields)
        {
            foreach (object field in fields)
            {
                if (field is ushort small) writer.Write(small);
                else if (field is uint number) writer.Write(number);
                else if (field is ulong large) writer.Write(large);
                else writer.Write((byte[])field);
            }
        }
        const ushort Zero = 0, Version = 45;
        ushort nameLength = (ushort)utf8.Length;
        Write("PK\x03\x04"u8.ToArray(), Version, Zero, Zero, 0u, checksum, (uint)bytes.Length, (uint)bytes.Length, nameLength, Zero, utf8, bytes);
        ulong directory = (ulong)stream.Position;
        Write("PK\x01\x02"u8.ToArray(), Version, Version, Zero, Zero, 0u, checksum, uint.MaxValue, uint.MaxValue, nameLength, (ushort)28, Zero, Zero, Zero, 0u, uint.MaxValue, utf8);
        Write((ushort)1, (ushort)24, size, packedSize, offset);
        ulong end = (ulong)stream.Position;
        Write("PK\x06\x06"u8.ToArray(), 44UL, Version, Version, 0u, 0u, 1UL, 1UL, end - directory, directory);
        Write("PK\x06\x07"u8.ToArray(), 0u, end, 1u);
        Write("PK\x05\x06"u8.ToArray(), Zero, Zero, ushort.MaxValue, ushort.MaxValue, uint.MaxValue, uint.MaxValue, Zero);
        return stream.ToArray();
    }
}
