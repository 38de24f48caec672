using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>One use as the receipt will report it.</summary>
/// <param name="Use">What was asked.</param>
/// <param name="Strength">The strength after defaults.</param>
/// <param name="Unit">The unit after defaults.</param>
/// <param name="Sites">Where it acts, in forward order.</param>
/// <param name="Positions">When it acts.</param>
public sealed record PlannedUse(VectorUse Use, double Strength, StrengthUnit Unit, ImmutableArray<Site> Sites, ResolvedPositions Positions);
