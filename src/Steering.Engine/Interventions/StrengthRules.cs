namespace Steering.Engine.Interventions;

/// <summary>A use's strength with defaults filled in.</summary>
internal readonly record struct ResolvedStrength(ScheduledStrength Scheduled, StrengthUnit Unit);

/// <summary>Units, defaults and bounds of strengths and schedules per operation (docs/decisions.md 11 and 12).</summary>
internal static class StrengthRules
{
    private static readonly StrengthUnit[] Lengths = [StrengthUnit.Raw, StrengthUnit.Rms, StrengthUnit.TokenNorm];

    /// <param name="parameters">As <see cref="ParameterRules"/> resolved them.</param>
    public static ResolvedStrength Resolve(VectorUse use, OperationParameters parameters, ProblemList problems)
    {
        bool isAngle = parameters.Rotation == RotationMode.By;
        var unit = ResolveUnit(use, isAngle, problems);
        if (isAngle && use.Strength is null)
            problems.Add($"{use.Path}.strength", SteeringProblemCode.MissingStrength,
                "rotate by has no default strength: give the angle in degrees (0 is the identity), or use mode to with to_degrees");
        double strength = use.Strength ?? 1;
        if (BoundsProblem(use.Operation, parameters, strength) is { } bad) problems.Add($"{use.Path}.strength", SteeringProblemCode.BadStrength, bad);
        CheckSchedule(use, parameters, strength, problems);
        return new ResolvedStrength(new ScheduledStrength(strength, use.Schedule), unit);
    }

    private static StrengthUnit ResolveUnit(VectorUse use, bool isAngle, ProblemList problems)
    {
        bool isLength = use.Operation is Operation.Add or Operation.ProjectBoost;
        StrengthUnit[] known = isLength ? Lengths : isAngle ? [StrengthUnit.Degrees] : [StrengthUnit.Fraction];
        string expected = string.Join(", ", known.Select(SteeringNames.Of));
        string operation = SteeringNames.Of(use.Operation) + (isAngle ? " by" : use.Operation == Operation.Rotate ? " to" : "");
        if (use.Unit is { } asked)
        {
            if (known.Contains(asked)) return asked;
            problems.Add($"{use.Path}.unit", SteeringProblemCode.UnitNotSupported,
                $"{operation} does not take a strength in {SteeringNames.Of(asked)}; expected {expected}");
            return known[0];
        }
        // An operation that knows one unit leaves nothing to choose: a vector calibrated in rms can be ablated. Between lengths there is a choice.
        var stored = use.Vector.Unit ?? known[0];
        if (known.Contains(stored)) return stored;
        if (isLength)
            problems.Add($"{use.Path}.unit", SteeringProblemCode.UnitNotSupported,
                $"vector {use.Vector.Name} counts its strengths in {SteeringNames.Of(stored)}, which {operation} does not take: name one of {expected}");
        return known[0];
    }

    private static void CheckSchedule(VectorUse use, OperationParameters parameters, double strength, ProblemList problems)
    {
        var schedule = use.Schedule;
        if (schedule.Kind == ScheduleKind.Constant) return;
        string path = $"{use.Path}.schedule";
        if (schedule.Over < 1)
            problems.Add($"{path}.over", SteeringProblemCode.BadSchedule,
                $"found over {schedule.Over}; expected the number of generated tokens it takes, at least 1");
        if (BoundsProblem(use.Operation, parameters, schedule.To) is { } bad) problems.Add($"{path}.to", SteeringProblemCode.BadSchedule, bad);
        else if (schedule.Kind == ScheduleKind.Exponential && double.IsFinite(strength) && Math.Sign(strength) * Math.Sign(schedule.To) <= 0)
            problems.Add($"{path}.to", SteeringProblemCode.BadSchedule,
                $"an exponential schedule multiplies, so strength and to must both be non-zero and of one sign; "
                    + $"found {ParameterRules.Text(strength)} and {ParameterRules.Text(schedule.To)}: use a linear one");
    }

    private static string? BoundsProblem(Operation operation, OperationParameters parameters, double strength)
    {
        if (!double.IsFinite(strength)) return $"found {ParameterRules.Text(strength)}; expected a finite number";
        bool isBlend = operation == Operation.SetCoordinate || parameters.Rotation == RotationMode.To;
        if (isBlend && (strength is < 0 or > 1))
            return $"found {ParameterRules.Text(strength)}; expected a fraction from 0 (nothing) to 1 (the whole operation): "
                + $"{SteeringNames.Of(operation)} blends by its strength";
        if (parameters.Rotation == RotationMode.By && Math.Abs(strength) > ParameterRules.MaximumDegrees)
            return $"found {ParameterRules.Text(strength)}; expected an angle within {-ParameterRules.MaximumDegrees} and {ParameterRules.MaximumDegrees} degrees";
        return null;
    }
}
