using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Steering.Engine.Interventions;

namespace SteeringServer.Features.Vectors;

internal static class VectorDigest
{
    public static string Of(ImmutableArray<SteeringTensor> tensors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var tensor in tensors.OrderBy(tensor => tensor.FileName, StringComparer.Ordinal))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{tensor.FileName} {tensor.Rows} {tensor.Columns}\n"));
            hash.AppendData(MemoryMarshal.AsBytes(tensor.Values.AsSpan()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
