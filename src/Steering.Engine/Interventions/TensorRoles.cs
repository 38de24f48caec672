namespace Steering.Engine.Interventions;

/// <summary>What the tensors of a vector are to the operations that read them, by the names files and requests have for it.</summary>
public static class TensorRoles
{
    /// <summary>A direction, [width]; it has no name of its own.</summary>
    public const string Direction = "";
    /// <summary>The axes of a plane, [width] each.</summary>
    public const string Axis1 = "b1", Axis2 = "b2";
    /// <summary>The rows of a subspace, [k, width].</summary>
    public const string Subspace = "u";
    /// <summary>The parts of a low-rank map h + s R^T (W h + b - R h): R and W [k, width], b [k].</summary>
    public const string MapTo = "r", MapFrom = "w", MapBias = "b";

    private static readonly string[][] Groups = [[Axis1, Axis2], [MapTo, MapFrom, MapBias]];

    public static bool IsKnown(string role) => role is Direction or Subspace || Array.Exists(Groups, group => group.Contains(role));

    /// <summary>The roles that must be at a site with this one, itself included: half a plane is none.</summary>
    public static IReadOnlyList<string> Together(string role) => Array.Find(Groups, group => group.Contains(role)) ?? [role];

    /// <summary>True for matrices of a row per direction; every other role is one row.</summary>
    public static bool HasRows(string role) => role is Subspace or MapTo or MapFrom;

    /// <summary>True where a row is as wide as its site; b has a value per row of R.</summary>
    public static bool IsAsWideAsSite(string role) => role != MapBias;
}
