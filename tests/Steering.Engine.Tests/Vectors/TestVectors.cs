using System.Collections.Immutable;
using Steering.Engine.Interventions;
using Steering.Engine.Vectors;

namespace Steering.Engine.Tests.Vectors;

/// <summary>Vectors in a line.</summary>
internal static class TestVectors
{
    public static SteeringVector Vector(params ImmutableArray<SteeringTensor> tensors) =>
        new() { Name = "v", Version = 1, Sha256 = VectorHash.Compute(tensors, null, ImmutableDictionary<Site, float>.Empty), Tensors = tensors };

    /// <summary>One row at a site.</summary>
    public static SteeringTensor Tensor(string site, string role, params ImmutableArray<float> values) =>
        new(Site.TryParse(site, out var parsed) ? parsed : throw new ArgumentException(site, nameof(site)), role, 1, values.Length, values);
}
