using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>A tensor of a vector: <paramref name="Rows"/> directions of <paramref name="Columns"/> values, row-major f32.</summary>
/// <param name="Site">Where it belongs.</param>
/// <param name="Role">Empty for a direction, <c>b1</c> and <c>b2</c> for a plane, <c>u</c> for a subspace of several rows.</param>
/// <param name="Values">Rows * Columns finite values.</param>
public sealed record SteeringTensor(Site Site, string Role, int Rows, int Columns, ImmutableArray<float> Values)
{
    /// <summary>The tensor's name in a file: <c>resid_post.4</c> or <c>resid_post.4.b1</c>.</summary>
    public string FileName => Role.Length == 0 ? Site.ToString() : $"{Site}.{Role}";

    /// <summary>Euclidean norm of all values.</summary>
    public double Norm => DirectionTensor.NormOf(Values.AsSpan());
}
