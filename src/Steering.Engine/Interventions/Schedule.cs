namespace Steering.Engine.Interventions;

/// <summary>Strength at generated index t (0-based): from s to <paramref name="To"/> over <paramref name="Over"/> tokens, then constant.</summary>
public sealed record Schedule(ScheduleKind Kind, double To = 0, int Over = 0)
{
    public static Schedule Constant { get; } = new(ScheduleKind.Constant);
}
