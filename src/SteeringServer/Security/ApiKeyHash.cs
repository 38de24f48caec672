using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace SteeringServer.Security;

/// <summary>A configured API key, kept as its SHA-256.</summary>
internal sealed class ApiKeyHash
{
    private const string Prefix = "sha256:";
    private const int ShortestKey = 8;
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdefABCDEF");

    private readonly byte[] _hash;

    private ApiKeyHash(byte[] hash) => _hash = hash;

    /// <summary>Whether a configured text is a usable key or hash.</summary>
    public static bool IsAcceptable(string text) => text.StartsWith(Prefix, StringComparison.Ordinal)
        ? text.Length == Prefix.Length + 64 && !text.AsSpan(Prefix.Length).ContainsAnyExcept(Hexadecimal)
        : text.Length >= ShortestKey && !text.Any(char.IsWhiteSpace);

    public static ApiKeyHash Parse(string configured) => new(configured.StartsWith(Prefix, StringComparison.Ordinal)
        ? Convert.FromHexString(configured.AsSpan(Prefix.Length)) : Hash(configured));

    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>Compares in a time that does not depend on where the hashes differ.</summary>
    public bool Matches(ReadOnlySpan<byte> hash) => CryptographicOperations.FixedTimeEquals(hash, _hash);
}
