using System.Globalization;

namespace Steering.Engine.Interventions;

/// <summary>Which parameters an operation takes, and whether they make sense together.</summary>
internal static class ParameterRules
{
    /// <summary>Ten turns either way: more is a mistake of units, and kernels reduce angles of this size without loss.</summary>
    public const int MaximumDegrees = 3600;

    /// <returns>The parameters with defaults filled in: a rotation says by or to.</returns>
    public static OperationParameters Resolve(VectorUse use, ProblemList problems)
    {
        var given = use.Parameters;
        foreach (var (name, value) in new[] { ("value", given.Value), ("min", given.Min), ("max", given.Max), ("to_degrees", given.ToDegrees) })
        {
            if (value is not { } number) continue;
            if (!Takes(use.Operation, name)) Unknown(use, name, problems);
            else if (!double.IsFinite(number)) Bad(use, name, $"found {Text(number)}; expected a finite number", problems);
        }
        if (given.Relu && use.Operation != Operation.SetCoordinate) Unknown(use, "mode", problems);
        if (given.Rotation is not null && use.Operation != Operation.Rotate) Unknown(use, "mode", problems);

        switch (use.Operation)
        {
            case Operation.SetCoordinate:
                CheckTarget(use, problems);
                return given with { Rotation = null };
            case Operation.Rotate:
                var mode = given.Rotation ?? RotationMode.By;
                CheckAngle(use, mode, problems);
                return given with { Rotation = mode };
            default:
                return given with { Rotation = null };
        }
    }

    private static void CheckTarget(VectorUse use, ProblemList problems)
    {
        var given = use.Parameters;
        bool hasRange = given.Min is not null || given.Max is not null;
        if (given.Relu && given.Value is null)
            Bad(use, "value",
                "mode relu needs value: the target that replaces the positive part of the coordinate", problems);
        else if (given.Value is null && !hasRange)
            Bad(use, "value",
                "set_coordinate needs value (the target), or min or max or both (the range to keep the coordinate in)", problems);
        if (given.Relu && hasRange) Bad(use, given.Min is not null ? "min" : "max", "mode relu takes value only: leave out min and max", problems);
        else if (given.Value is not null && hasRange)
            Bad(use, given.Min is not null ? "min" : "max",
                "value and a range exclude each other: give value, or min and max", problems);
        if (given.Min > given.Max) Bad(use, "min", $"found min {Text(given.Min.Value)} above max {Text(given.Max.Value)}; expected min <= max", problems);
    }

    private static void CheckAngle(VectorUse use, RotationMode mode, ProblemList problems)
    {
        double? angle = use.Parameters.ToDegrees;
        if (mode == RotationMode.To && angle is null) Bad(use, "to_degrees", "mode to needs to_degrees: the angle, measured from b1 towards b2", problems);
        if (mode == RotationMode.By && angle is not null)
            Bad(use, "to_degrees",
                "mode by takes its angle from strength: leave out to_degrees, or say mode to", problems);
        if (angle is { } degrees && double.IsFinite(degrees) && Math.Abs(degrees) > MaximumDegrees)
            Bad(use, "to_degrees", $"found {Text(degrees)}; expected an angle within {-MaximumDegrees} and {MaximumDegrees} degrees", problems);
    }

    private static bool Takes(Operation operation, string parameter) => operation switch
    {
        Operation.SetCoordinate => parameter is "value" or "min" or "max",
        Operation.Rotate => parameter is "to_degrees",
        _ => false,
    };

    private static void Unknown(VectorUse use, string name, ProblemList problems) => Bad(use, name, use.Operation switch
    {
        Operation.SetCoordinate => $"set_coordinate does not know this {name}; it takes value, or min and max, and mode relu",
        Operation.Rotate => $"rotate does not know this {name}; it takes mode (by or to) and, for to, to_degrees",
        var operation => $"{SteeringNames.Of(operation)} takes no parameters: leave {name} out",
    }, problems);

    private static void Bad(VectorUse use, string name, string message, ProblemList problems) =>
        problems.Add($"{use.Path}.params.{name}", SteeringProblemCode.BadParameter, message);

    /// <summary>A number as a user would write it, whatever the culture.</summary>
    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
