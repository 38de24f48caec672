namespace Steering.Engine.Interventions;

/// <summary>The names that operations and units have in requests, vector files, receipts and error messages (docs/decisions.md 11 and 12).</summary>
public static class SteeringNames
{
    private static readonly string[] OperationNames = ["add", "scale_coordinate", "set_coordinate", "rotate", "project_boost", "low_rank"];
    private static readonly string[] UnitNames = ["raw", "rms", "token_norm", "degrees", "fraction"];

    public static IReadOnlyList<string> Operations => OperationNames;
    public static IReadOnlyList<string> Units => UnitNames;

    public static string Of(Operation operation) => OperationNames[(int)operation];

    public static string Of(StrengthUnit unit) => UnitNames[(int)unit];

    /// <summary>Reads an operation's name or one of the aliases <c>ablate</c>, <c>erase</c> (scale_coordinate) and <c>clamp</c> (set_coordinate).</summary>
    public static bool TryParse(string name, out Operation operation)
    {
        int index = name switch
        {
            "ablate" or "erase" => (int)Operation.ScaleCoordinate,
            "clamp" => (int)Operation.SetCoordinate,
            _ => Array.IndexOf(OperationNames, name),
        };
        operation = (Operation)Math.Max(index, 0);
        return index >= 0;
    }

    public static bool TryParse(string name, out StrengthUnit unit)
    {
        int index = Array.IndexOf(UnitNames, name);
        unit = (StrengthUnit)Math.Max(index, 0);
        return index >= 0;
    }
}
