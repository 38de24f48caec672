namespace Steering.Engine.Interventions;

/// <summary>A strength as a function of the generated index, fixed at admission.</summary>
public sealed record ScheduledStrength(double Start, Schedule Schedule)
{
    /// <summary>Strength for a token. <paramref name="generatedIndex"/>: 0 for the first generated token, negative for prompt positions (which have the start value).</summary>
    public double At(int generatedIndex)
    {
        if (Schedule.Kind == ScheduleKind.Constant || generatedIndex <= 0) return Start;
        double t = Math.Min(1.0, (double)generatedIndex / Schedule.Over);
        return Schedule.Kind == ScheduleKind.Linear ? Start + (Schedule.To - Start) * t : Start * Math.Pow(Schedule.To / Start, t);
    }
}
