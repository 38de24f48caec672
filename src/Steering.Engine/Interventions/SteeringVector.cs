using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>
/// One immutable version of a named vector: tensors at sites, the unit its strengths are given in, and where it came from.
/// Identity is the SHA-256 of its content; two versions with the same content are the same vector.
/// </summary>
public sealed record SteeringVector
{
    /// <summary><c>[a-z0-9][a-z0-9._-]*</c>, or <c>inline</c> for a vector that came with a request.</summary>
    public required string Name { get; init; }

    /// <summary>Counts from 1; 0 for a vector that came with a request.</summary>
    public required int Version { get; init; }

    /// <summary>Lower-case hexadecimal SHA-256 of sites, roles, shapes and values, and of the unit and residual norms that strengths are counted in.</summary>
    public required string Sha256 { get; init; }

    public required ImmutableArray<SteeringTensor> Tensors { get; init; }

    /// <summary>The unit of strengths when a request names none; null means <see cref="StrengthUnit.Raw"/>.</summary>
    public StrengthUnit? Unit { get; init; }

    /// <summary>Root mean square residual norm per site over calibration tokens: what <see cref="StrengthUnit.Rms"/> needs.</summary>
    public ImmutableDictionary<Site, float> ResidualNorms { get; init; } = ImmutableDictionary<Site, float>.Empty;

    /// <summary>Fingerprint of the model the vector was made with; null if unknown.</summary>
    public string? ModelFingerprint { get; init; }

    /// <summary>Provenance: method, data, positions, sign, and whatever else the file said.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public bool IsInline => Version == 0;

    /// <summary>Bytes of its tensors in memory.</summary>
    public long Bytes => Tensors.Sum(tensor => (long)tensor.Values.Length * sizeof(float));
}
