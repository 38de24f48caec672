using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>Which tensors of a vector an operation reads, and how they become the rows of a kernel.</summary>
internal static class DirectionRules
{
    /// <summary>The directions for one selected site; null where a problem was reported.</summary>
    public static DirectionTensor? Resolve(VectorUse use, SelectedSite selected, SiteTable table, DirectionCache cache, ProblemList problems)
    {
        if (Read(use, selected, problems) is not { } tensors || !HasShape(use, selected, tensors, table, problems)) return null;

        var preparation = use.Operation is Operation.Add or Operation.LowRank ? DirectionPreparation.AsStored : DirectionPreparation.Orthonormal;
        var key = new DirectionKey(use.Vector.Sha256, selected.Source, string.Join(',', tensors.Select(tensor => tensor.Role)), preparation);
        Orthonormal.Failure? failure = null;
        var directions = cache.GetOrCreate(key, () => Prepare(tensors, preparation, out failure));
        if (directions is null)
        {
            if (failure is { IsZero: false } dependent)
                problems.AddAt(selected.Path, SteeringProblemCode.DependentDirections, selected.Site,
                    $"{RowName(tensors, dependent.Row)} of vector {use.Vector.Name} at {ProblemList.Sites} is a combination of the directions before it; "
                        + "expected linearly independent directions");
            else ReportZero(use, selected, failure is null ? "the direction" : RowName(tensors, failure.Value.Row), problems);
        }
        else if (directions.Norm < Orthonormal.SmallestNorm)
        {
            ReportZero(use, selected, string.Join(", ", tensors.Select(tensor => RoleName(tensor.Role))), problems);
            return null;
        }
        return directions;
    }

    /// <summary>Alternatives of roles, preferred first.</summary>
    private static string[][] Roles(Operation operation) => operation switch
    {
        Operation.Add or Operation.SetCoordinate => [[TensorRoles.Direction]],
        Operation.ScaleCoordinate => [[TensorRoles.Direction], [TensorRoles.Subspace]],
        Operation.Rotate => [[TensorRoles.Axis1, TensorRoles.Axis2]],
        Operation.ProjectBoost => [[TensorRoles.Subspace], [TensorRoles.Direction]],
        Operation.LowRank => [[TensorRoles.MapTo, TensorRoles.MapFrom, TensorRoles.MapBias]],
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, null),
    };

    private static ImmutableArray<SteeringTensor>? Read(VectorUse use, SelectedSite selected, ProblemList problems)
    {
        var here = use.Vector.Tensors.Where(tensor => tensor.Site == selected.Source).ToList();
        foreach (string[] roles in Roles(use.Operation))
        {
            var found = roles.Select(role => here.Find(tensor => tensor.Role == role)).ToList();
            if (found.TrueForAll(tensor => tensor is not null)) return [.. found.Select(tensor => tensor!)];
        }
        string expected = string.Join(" or ", Roles(use.Operation).Select(roles => string.Join(" and ", roles.Select(RoleName))));
        string has = string.Join(", ", here.Select(tensor => RoleName(tensor.Role)));
        problems.AddAt(selected.Path, SteeringProblemCode.MissingRole, selected.Site,
            $"{SteeringNames.Of(use.Operation)} reads {expected}; vector {use.Vector.Name} has {has} at {ProblemList.Sites}: use another operation, "
                + "or select sites that have it");
        return null;
    }

    private static bool HasShape(VectorUse use, SelectedSite selected, ImmutableArray<SteeringTensor> tensors, SiteTable table, ProblemList problems)
    {
        int width = table.Width(selected.Site);
        bool fits = true;
        foreach (var tensor in tensors)
        {
            int most = use.Operation is Operation.ScaleCoordinate or Operation.ProjectBoost || TensorRoles.HasRows(tensor.Role) ? DirectionTensor.MaximumRank : 1;
            if (tensor.Columns != width && TensorRoles.IsAsWideAsSite(tensor.Role))
            {
                fits = false;
                problems.AddAt(selected.Path, SteeringProblemCode.WidthMismatch, selected.Site,
                    $"found {tensor.Columns} values per row in vector {use.Vector.Name}, expected {width} at {ProblemList.Sites}: "
                        + "the vector was made for another model or another kind of site");
            }
            if (tensor.Rows < 1 || tensor.Rows > most)
            {
                fits = false;
                problems.AddAt(selected.Path, SteeringProblemCode.BadShape, selected.Site,
                    $"found {tensor.Rows} rows in {RoleName(tensor.Role)} of vector {use.Vector.Name} at {ProblemList.Sites}; "
                        + $"{SteeringNames.Of(use.Operation)} takes {(most == 1 ? "exactly one" : $"1 to {most}")}");
            }
        }
        if (fits && use.Operation == Operation.LowRank && LowRankMap.WhyNot(tensors[0], tensors[1], tensors[2]) is { } mismatch)
        {
            fits = false;
            problems.AddAt(selected.Path, SteeringProblemCode.BadShape, selected.Site, $"vector {use.Vector.Name} at {ProblemList.Sites}: {mismatch}");
        }
        return fits;
    }

    private static DirectionTensor? Prepare(ImmutableArray<SteeringTensor> tensors, DirectionPreparation preparation, out Orthonormal.Failure? failure)
    {
        failure = null;
        int columns = tensors[0].Columns;
        // Every row as wide as the first tensor's: the bias of a low-rank map is shorter.
        float[] values = [.. tensors.SelectMany(tensor => tensor.Values.Concat(new float[tensor.Rows * (columns - tensor.Columns)]))];
        if (preparation == DirectionPreparation.Orthonormal)
        {
            double[][] rows = [.. values.Chunk(columns).Select(row => Array.ConvertAll(row, value => (double)value))];
            failure = Orthonormal.Make(rows);
            if (failure is not null) return null;
            values = [.. rows.SelectMany(row => row).Select(value => (float)value)];
        }
        return new DirectionTensor(values.Length / columns, columns, values);
    }

    private static void ReportZero(VectorUse use, SelectedSite selected, string what, ProblemList problems) =>
        problems.AddAt(selected.Path, SteeringProblemCode.ZeroVector, selected.Site,
            $"{what} of vector {use.Vector.Name} at {ProblemList.Sites} has no length (norm below 1e-12); expected a direction: leave the site out, "
                + "or store the vector again");

    private static string RowName(ImmutableArray<SteeringTensor> tensors, int row)
    {
        foreach (var tensor in tensors)
        {
            if (row < tensor.Rows) return tensor.Rows == 1 ? RoleName(tensor.Role) : $"row {row} of {RoleName(tensor.Role)}";
            row -= tensor.Rows;
        }
        throw new ArgumentOutOfRangeException(nameof(row));
    }

    private static string RoleName(string role) => role.Length == 0 ? "the direction" : role;
}
