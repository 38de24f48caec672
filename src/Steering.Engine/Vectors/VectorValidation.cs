using System.Collections.Immutable;
using System.Globalization;
using Steering.Engine.Interventions;

namespace Steering.Engine.Vectors;

/// <summary>What a vector lacks to be used with a model.</summary>
/// <param name="Problems">Each with the path <c>tensors.&lt;site&gt;[.&lt;role&gt;]</c> or <c>residual_norms.&lt;site&gt;</c>; the vector is refused if there are any.</param>
/// <param name="Warnings">What is worth knowing and refuses nothing.</param>
public sealed record ValidationResult(ImmutableArray<SteeringProblem> Problems, ImmutableArray<string> Warnings)
{
    public bool IsValid => Problems.IsEmpty;
}

/// <summary>Checks a vector against a model before it is stored, so that no request finds out.</summary>
public static class VectorValidation
{
    /// <summary>All problems at once, in the order of the tensors.</summary>
    /// <param name="sites">Of the model it is for.</param>
    public static ValidationResult Check(SteeringVector vector, SiteTable sites)
    {
        var problems = ImmutableArray.CreateBuilder<SteeringProblem>();
        foreach (var tensor in vector.Tensors) problems.AddRange(Problems(tensor, sites));
        foreach (var here in vector.Tensors.GroupBy(tensor => tensor.Site)) problems.AddRange(Problems(vector, here.Key, [.. here]));
        foreach (var (site, norm) in vector.ResidualNorms.OrderBy(item => item.Key))
            if (!float.IsFinite(norm) || norm <= 0)
                problems.Add(new SteeringProblem($"residual_norms.{site}", SteeringProblemCode.BadValue, string.Create(CultureInfo.InvariantCulture, $"found {norm}; expected a positive number")));
        return new ValidationResult(problems.ToImmutable(), [.. Warnings(vector, sites)]);
    }

    private static IEnumerable<SteeringProblem> Problems(SteeringTensor tensor, SiteTable sites)
    {
        string path = $"tensors.{tensor.FileName}";
        if (sites.WhyNot(tensor.Site) is { } why)
        {
            bool isOutside = !Site.IsGlobal(tensor.Site.Point) && (tensor.Site.Block < 0 || tensor.Site.Block >= sites.Blocks);
            yield return new SteeringProblem(path, isOutside ? SteeringProblemCode.BlockOutOfRange : SteeringProblemCode.UnknownSite, $"{why}; expected a site of the model: leave the tensor out");
        }
        int most = TensorRoles.HasRows(tensor.Role) ? DirectionTensor.MaximumRank : 1;
        if (tensor.Rows < 1 || tensor.Rows > most)
            yield return new SteeringProblem(path, SteeringProblemCode.BadShape,
                $"found {tensor.Rows} rows; expected {(most == 1 ? "one (several are a subspace, of the role u)" : $"1 to {most}")}");
        if (TensorRoles.IsAsWideAsSite(tensor.Role) && tensor.Columns != sites.Width(tensor.Site))
            yield return new SteeringProblem(path, SteeringProblemCode.WidthMismatch,
                $"found {tensor.Columns} values per row, expected {sites.Width(tensor.Site)}: the vector was made for another model or another kind of site");
        int bad = tensor.Values.AsSpan().IndexOfAnyExceptInRange(float.MinValue, float.MaxValue);
        if (bad >= 0)
            yield return new SteeringProblem(path, SteeringProblemCode.BadValue, string.Create(CultureInfo.InvariantCulture, $"value {bad} is {tensor.Values[bad]}; expected finite numbers"));
        else if (IsDirections(tensor.Role) && tensor.Values.Length == tensor.Rows * tensor.Columns && tensor.Rows <= most)
            for (int row = 0; row < tensor.Rows; row++)
                if (DirectionTensor.NormOf(tensor.Values.AsSpan().Slice(row * tensor.Columns, tensor.Columns)) < Orthonormal.SmallestNorm)
                    yield return new SteeringProblem(path, SteeringProblemCode.ZeroVector,
                        $"{(tensor.Rows == 1 ? "the direction" : $"row {row}")} has no length (norm below 1e-12); expected a direction: leave it out");
    }

    /// <param name="here">The tensors at the site.</param>
    private static IEnumerable<SteeringProblem> Problems(SteeringVector vector, Site site, List<SteeringTensor> here)
    {
        SteeringTensor? Of(string role) => here.Find(tensor => tensor.Role == role);
        foreach (var roles in here.Select(tensor => TensorRoles.Together(tensor.Role)).Distinct())
            if (roles.Where(role => Of(role) is not null).ToList() is var found && found.Count < roles.Count)
                yield return new SteeringProblem($"tensors.{Of(found[0])!.FileName}", SteeringProblemCode.MissingRole,
                    $"found {string.Join(" and ", found)}; expected {string.Join(" and ", roles)} at {site}");
        if (Of(TensorRoles.Axis1) is { } b1 && Of(TensorRoles.Axis2) is { } b2 && Depends([b1, b2])) yield return Dependent(b2, "b2 is a multiple of b1");
        if (Of(TensorRoles.MapTo) is { } r && Of(TensorRoles.MapFrom) is { } w && Of(TensorRoles.MapBias) is { } b && LowRankMap.WhyNot(r, w, b) is { } mismatch)
            yield return new SteeringProblem($"tensors.{r.FileName}", SteeringProblemCode.BadShape, mismatch);
        if (Of(TensorRoles.Subspace) is { } subspace && Depends([subspace])) yield return Dependent(subspace, "a row is a combination of those before it");
        // A plane is turned by degrees and a map applied by fractions, whatever the unit.
        if (vector.Unit == StrengthUnit.Rms && !vector.ResidualNorms.ContainsKey(site) && here.Exists(tensor => tensor.Role is TensorRoles.Direction or TensorRoles.Subspace))
            yield return new SteeringProblem($"residual_norms.{site}", SteeringProblemCode.MissingResidualNorm,
                $"unit rms needs the root mean square residual norm of {site}, and there is none: send it, or store the vector in unit raw or token_norm");
    }

    // A map may ignore what it reads (W = 0 sets coordinates to b) and have no bias.
    private static bool IsDirections(string role) => role is not (TensorRoles.MapFrom or TensorRoles.MapBias);

    private static SteeringProblem Dependent(SteeringTensor tensor, string what) =>
        new($"tensors.{tensor.FileName}", SteeringProblemCode.DependentDirections, $"{what}; expected linearly independent directions");

    // Zero and unequal rows have been reported as such.
    private static bool Depends(SteeringTensor[] tensors)
    {
        int columns = tensors[0].Columns;
        if (tensors.Any(tensor => tensor.Columns != columns || tensor.Rows > DirectionTensor.MaximumRank || tensor.Values.Length != tensor.Rows * columns)) return false;
        double[][] rows = [.. tensors.SelectMany(tensor => tensor.Values.Chunk(columns)).Select(row => Array.ConvertAll(row, value => (double)value))];
        return Orthonormal.Make(rows) is { IsZero: false };
    }

    private static IEnumerable<string> Warnings(SteeringVector vector, SiteTable sites)
    {
        if (vector.ModelFingerprint is { } made && sites.ModelFingerprint is { } loaded && made != loaded)
            yield return $"the vector was made with another model ({made}) than the one loaded ({loaded}); one of the same width is accepted";
    }
}
