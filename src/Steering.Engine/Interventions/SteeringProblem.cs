namespace Steering.Engine.Interventions;

/// <summary>Why a request cannot be steered as it asks.</summary>
/// <param name="Path">The field: <c>steering.use[0].sites[1]</c>.</param>
/// <param name="Code">One of <see cref="SteeringProblemCode"/>.</param>
/// <param name="Message">What was found, what was expected, and the remedy.</param>
public sealed record SteeringProblem(string Path, string Code, string Message);
