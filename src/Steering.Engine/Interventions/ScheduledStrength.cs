namespace Steering.Engine.Interventions;

/// <summary>A strength as a function of the generated index, fixed at admission.</summary>
public sealed record ScheduledStrength(double Start, Schedule Schedule)
{
    /// <summary>No token gets any strength: the edit is the identity.</summary>
    public bool IsZero => Largest == 0;

    /// <summary>The largest absolute strength any token gets.</summary>
    public double Largest => Schedule.Kind == ScheduleKind.Constant ? Math.Abs(Start) : Math.Max(Math.Abs(Start), Math.Abs(Schedule.To));

    /// <summary>Strength for a token.</summary>
    /// <param name="generatedIndex">0 for the first generated token, negative for prompt positions, which have the start value.</param>
    public double At(int generatedIndex)
    {
        if (Schedule.Kind == ScheduleKind.Constant || generatedIndex <= 0) return Start;
        // The end value itself, not a rounded way to it: a schedule that ends at 0 ends in the exact identity.
        if (generatedIndex >= Schedule.Over) return Schedule.To;
        double t = (double)generatedIndex / Schedule.Over;
        return Schedule.Kind == ScheduleKind.Linear ? Start + (Schedule.To - Start) * t : Start * Math.Pow(Schedule.To / Start, t);
    }
}
