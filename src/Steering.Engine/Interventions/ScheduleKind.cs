namespace Steering.Engine.Interventions;

/// <summary>How a strength changes over the generated tokens. Prompt positions and the first generated token have the initial strength.</summary>
public enum ScheduleKind { Constant, Linear, Exponential }
