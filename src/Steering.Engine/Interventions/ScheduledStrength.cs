namespace Steering.Engine.Interventions;

/// <summary>A strength as a function of the generated index, fixed at admission.</summary>
public sealed record ScheduledStrength(double Start, Schedule Schedule)
{
    /// <summary>No token gets any strength: the edit is the identity.</summary>
    public bool IsZero => Start == 0 && (Schedule.Kind == ScheduleKind.Constant || Schedule.To == 0);

    /// <summary>Strength for a token. <paramref name="generatedIndex"/>: 0 for the first generated token, negative for prompt positions (which have the start value).</summary>
    public double At(int generatedIndex)
    {
        if (Schedule.Kind == ScheduleKind.Constant || generatedIndex <= 0) return Start;
        // The end value itself, not a rounded way to it: a schedule that ends at 0 ends in the exact identity.
        if (generatedIndex >= Schedule.Over) return Schedule.To;
        double t = (double)generatedIndex / Schedule.Over;
        return Schedule.Kind == ScheduleKind.Linear ? Start + (Schedule.To - Start) * t : Start * Math.Pow(Schedule.To / Start, t);
    }
}
