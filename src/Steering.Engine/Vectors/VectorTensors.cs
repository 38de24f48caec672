using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors;

/// <summary>Makes the tensors of a vector from arrays that have a place, and refuses what cannot be one whatever the model.</summary>
internal static class VectorTensors
{
    /// <summary>In forward order of their sites, then by role.</summary>
    /// <exception cref="ModelFormatException">A shape, a value that is not finite, two arrays in one place, unequal widths, half a plane; the field is the array's source.</exception>
    public static ImmutableArray<SteeringTensor> Assemble(string file, IEnumerable<PlacedArray> arrays)
    {
        var placed = arrays.OrderBy(array => array.Site).ThenBy(array => array.Role, StringComparer.Ordinal).ToList();
        var tensors = placed.ConvertAll(array => Convert(file, array));
        var targets = placed.Select(array => array.Target).ToHashSet(StringComparer.Ordinal);
        var first = new Dictionary<SitePoint, PlacedArray>();
        for (int i = 0; i < placed.Count; i++)
        {
            var (array, tensor) = (placed[i], tensors[i]);
            if (i > 0 && placed[i - 1].Target == array.Target) throw new ModelFormatException(file, array.Source, $"is the same place as {placed[i - 1].Source}");
            if (TensorRoles.IsAsWideAsSite(array.Role) && !first.TryAdd(array.Site.Point, array) && first[array.Site.Point] is var earlier && earlier.Array.Shape[^1] != tensor.Columns)
                throw new ModelFormatException(file, array.Source, $"has width {tensor.Columns}, but {earlier.Source} has {earlier.Array.Shape[^1]}");
            if (TensorRoles.Together(array.Role).FirstOrDefault(role => role != array.Role && !targets.Contains($"{array.Site}.{role}")) is { } missing)
                throw new ModelFormatException(file, array.Source, $"is one part of {string.Join(", ", TensorRoles.Together(array.Role))}; {array.Site}.{missing} is missing");
        }
        return [.. tensors];
    }

    private static SteeringTensor Convert(string file, PlacedArray array)
    {
        var (shape, _, values) = array.Array;
        bool hasRows = TensorRoles.HasRows(array.Role);
        bool fits = shape.Length == 1 || (shape.Length == 2 && (hasRows || shape[0] == 1));
        string expected = hasRows ? "[rows, width]" : TensorRoles.IsAsWideAsSite(array.Role) ? "[width]; several directions at one site are a subspace, named .u" : "[rows of .r]";
        if (!fits || values.Length == 0) throw new ModelFormatException(file, array.Source, $"has shape [{string.Join(", ", shape)}]; expected {expected}");
        int bad = Array.FindIndex(values, value => !float.IsFinite(value));
        if (bad >= 0)
            throw new ModelFormatException(file, array.Source, string.Create(CultureInfo.InvariantCulture, $"value {bad} is {values[bad]}; every value must be finite in f32"));
        return new SteeringTensor(array.Site, array.Role, values.Length / shape[^1], shape[^1], ImmutableCollectionsMarshal.AsImmutableArray(values));
    }
}
