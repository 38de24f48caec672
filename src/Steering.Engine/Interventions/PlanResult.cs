using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>Either a plan or every problem of the request at once.</summary>
/// <param name="Plan">Null where there are problems.</param>
/// <param name="Problems">Empty where there is a plan.</param>
public sealed record PlanResult(InterventionPlan? Plan, ImmutableArray<SteeringProblem> Problems);
