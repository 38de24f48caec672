using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors;

/// <summary>
/// The identity of a vector: SHA-256 of its tensors in forward order of their sites (then by role), each as site, role, rows, columns and f32 values, little-endian.
/// What a strength of 1 means enters after them: the unit unless it is raw, and the residual norms by site. Names, other metadata, and the type and order of tensors
/// in a file do not change it.
/// </summary>
public static class VectorHash
{
    /// <summary>Lower-case hexadecimal.</summary>
    /// <param name="unit">Null is the same as raw.</param>
    public static string Compute(IEnumerable<SteeringTensor> tensors, StrengthUnit? unit, IReadOnlyDictionary<Site, float> residualNorms)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("steering vector 1"u8);
        Span<byte> number = stackalloc byte[4];
        foreach (var tensor in tensors.OrderBy(tensor => tensor.Site).ThenBy(tensor => tensor.Role, StringComparer.Ordinal))
        {
            hash.AppendText(tensor.Site.ToString());
            hash.AppendText(tensor.Role);
            foreach (int size in (ReadOnlySpan<int>)[tensor.Rows, tensor.Columns])
            {
                BinaryPrimitives.WriteInt32LittleEndian(number, size);
                hash.AppendData(number);
            }
            Append(hash, tensor.Values.AsSpan());
        }
        // No site has these names, so no tensors can look like a unit or a norm.
        if (unit is { } counted and not StrengthUnit.Raw)
        {
            hash.AppendText("unit");
            hash.AppendText(SteeringNames.Of(counted));
        }
        foreach (var (site, norm) in residualNorms.OrderBy(item => item.Key))
        {
            hash.AppendText("residual norm");
            hash.AppendText(site.ToString());
            Append(hash, [norm]);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            hash.AppendData(MemoryMarshal.AsBytes(values));
            return;
        }
        Span<byte> bytes = stackalloc byte[4];
        foreach (float value in values)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            hash.AppendData(bytes);
        }
    }
}
