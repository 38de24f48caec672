using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Steering.Engine.Loading;

/// <summary>Texts in hashes: their length goes first, so that no two lists of texts run together into the same bytes.</summary>
public static class HashedText
{
    /// <param name="text">Null is another text than the empty one.</param>
    public static void AppendText(this IncrementalHash hash, string? text)
    {
        Span<byte> length = stackalloc byte[4];
        byte[] bytes = Encoding.UTF8.GetBytes(text ?? "");
        BinaryPrimitives.WriteInt32LittleEndian(length, text is null ? -1 : bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
