using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>
/// A compiled recipe: edits in forward order of their sites and list order within a site, with positions made absolute and strengths turned into
/// coefficients. Immutable; a request holds exactly one from admission to its end. A request without steering has <see cref="Empty"/>.
/// </summary>
public sealed record InterventionPlan(ImmutableArray<PlannedEdit> Edits, ImmutableArray<PlannedUse> Uses, ImmutableArray<string> Warnings, string Fingerprint)
{
    public static InterventionPlan Empty { get; } = new([], [], [], "");

    public bool IsEmpty => Edits.IsEmpty;
}
