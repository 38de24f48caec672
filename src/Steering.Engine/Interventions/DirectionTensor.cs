using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Steering.Engine.Interventions;

/// <summary>
/// Directions of one site in kernel form. Instances are shared between plans that use the same vector version in the same way (that is how a
/// thousand requests with one vector and different strengths share one row in device memory), so identity matters: see <see cref="DirectionCache"/>.
/// </summary>
/// <param name="rows">Directions, at least one.</param>
/// <param name="columns">Width of the site.</param>
/// <param name="values">[rows, columns] row-major; owned by the tensor from here on.</param>
public sealed class DirectionTensor(int rows, int columns, float[] values)
{
    /// <summary>Most rows of a subspace or a low-rank map: each costs two passes over a token's row, and kernels keep coordinates on the stack.</summary>
    public const int MaximumRank = 64;

    /// <summary>A low-rank map has R, W and a row for b.</summary>
    private const int MaximumRows = 2 * MaximumRank + 1;

    public int Rows { get; } = rows is >= 1 and <= MaximumRows && values.Length == rows * columns ? rows
        : throw new ArgumentException($"found {rows} rows of {columns}, {values.Length} values; expected 1 to {MaximumRows} rows that fill them", nameof(rows));

    public int Columns { get; } = columns;
    public ReadOnlySpan<float> Values => values;

    /// <summary>Lower-case hexadecimal SHA-256 of the values' bytes: what a plan's fingerprint knows of the directions.</summary>
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(values)));

    /// <summary>Euclidean norm of all values: |v| of a single direction.</summary>
    public double Norm { get; } = NormOf(values);

    public ReadOnlySpan<float> Row(int index) => values.AsSpan(index * Columns, Columns);

    /// <summary>Euclidean norm, summed in f64.</summary>
    internal static double NormOf(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values) sum += (double)value * value;
        return Math.Sqrt(sum);
    }
}
