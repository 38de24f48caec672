using System.Collections.Immutable;
using System.Globalization;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors;

/// <summary>
/// The plane of Selective Steering (knoveleng/steering, <c>plane.pt</c>): <c>basis</c> (b1, b2), one plane for all modules, <c>projections</c> of the classes at every norm,
/// and in <c>extra_info.layer_steering_mask</c> the modules where it is applied.
/// </summary>
internal static class SelectivePlane
{
    public static bool IsPlane(StoredMap map) => map.Find("basis") is not null && map.Find("projections") is not null;

    /// <summary>The plane at every module of the mask.</summary>
    /// <exception cref="ModelFormatException">A part is missing or not as the authors' code writes it.</exception>
    public static ImmutableArray<PlacedArray> Place(string file, StoredMap map, List<string> warnings)
    {
        if (map.Find("basis") is not StoredList { Items: [StoredArray b1, StoredArray b2] }) throw new ModelFormatException(file, "basis", "expected two tensors, b1 and b2");
        if (map.Find("projections") is not StoredMap projections) throw new ModelFormatException(file, "projections", "expected a dictionary of modules");
        string[] modules = Modules(file, map, projections, warnings);
        bool hasFourNorms = ModuleName.HasFourNorms(projections.Items.Select(item => item.Key));
        WarnOfAngle(b1, b2, warnings);
        return [.. modules.SelectMany(module => ModuleName.TryParse(module, hasFourNorms, out var site)
            ? new[] { new PlacedArray($"basis[0] at {module}", site, "b1", b1), new PlacedArray($"basis[1] at {module}", site, "b2", b2) }
            : throw new ModelFormatException(file, Excerpt.Of(module), $"names no module that is known; expected {ModuleName.Expected}"))];
    }

    private static string[] Modules(string file, StoredMap map, StoredMap projections, List<string> warnings)
    {
        if ((map.Find("extra_info") as StoredMap)?.Find("layer_steering_mask") is not StoredMap mask)
        {
            warnings.Add("the file has no layer_steering_mask; the plane was put at every module it has projections for");
            return [.. projections.Items.Select(item => item.Key)];
        }
        string[] chosen = [.. mask.Items.Where(item => item.Value is StoredScalar { Value: true }).Select(item => item.Key)];
        if (chosen.Length == 0) throw new ModelFormatException(file, "extra_info.layer_steering_mask", "chooses none of its modules; expected at least one that is True");
        warnings.Add($"the mask chooses {chosen.Length} of {mask.Items.Length} modules; the plane was put there and nowhere else");
        return chosen;
    }

    // bf16 cannot hold an orthonormal pair: the authors' planes are off by some thousandths.
    private static void WarnOfAngle(StoredArray b1, StoredArray b2, List<string> warnings)
    {
        if (b1.Values.Length != b2.Values.Length) return;
        double dot = Dot(b1, b2), first = Math.Sqrt(Dot(b1, b1)), second = Math.Sqrt(Dot(b2, b2));
        if (Math.Abs(dot) > 1e-6 || Math.Abs(first - 1) > 1e-6 || Math.Abs(second - 1) > 1e-6)
            warnings.Add(string.Create(CultureInfo.InvariantCulture,
                $"the basis, stored as {b1.TypeName}, is not orthonormal (|b1| = {first:0.####}, |b2| = {second:0.####}, <b1, b2> = {dot:0.####}); it is made so when it is used"));
    }

    private static double Dot(StoredArray a, StoredArray b)
    {
        double sum = 0;
        for (int i = 0; i < a.Values.Length; i++) sum += (double)a.Values[i] * b.Values[i];
        return sum;
    }
}
