using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>A tensor of a vector: <paramref name="Rows"/> directions of <paramref name="Columns"/> values, row-major f32.</summary>
/// <param name="Site">Where it belongs.</param>
/// <param name="Role">One of <see cref="TensorRoles"/>: empty for a direction.</param>
/// <param name="Values">Rows * Columns finite values.</param>
public sealed record SteeringTensor(Site Site, string Role, int Rows, int Columns, ImmutableArray<float> Values)
{
    /// <summary>The tensor's name in a file: <c>resid_post.4</c> or <c>resid_post.4.b1</c>.</summary>
    public string FileName => Role.Length == 0 ? Site.ToString() : $"{Site}.{Role}";

    /// <summary>The tensor's shape in a file: [rows, columns] where the role has rows, else [columns].</summary>
    public int[] FileShape => TensorRoles.HasRows(Role) ? [Rows, Columns] : [Columns];

    /// <summary>Euclidean norm of all values.</summary>
    public double Norm => DirectionTensor.NormOf(Values.AsSpan());
}
