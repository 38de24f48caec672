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

/// <summary>One use as the receipt will report it.</summary>
/// <param name="Use">What was asked.</param>
/// <param name="Strength">The strength after defaults.</param>
/// <param name="Unit">The unit after defaults.</param>
/// <param name="Sites">Where it acts, in forward order.</param>
/// <param name="Positions">When it acts.</param>
public sealed record PlannedUse(VectorUse Use, double Strength, StrengthUnit Unit, ImmutableArray<Site> Sites, ResolvedPositions Positions);

/// <summary>One operation at one site.</summary>
public sealed record PlannedEdit
{
    /// <summary>Index of the use it comes from in <see cref="InterventionPlan.Uses"/>.</summary>
    public required int Use { get; init; }

    public required Site Site { get; init; }
    public required Operation Operation { get; init; }

    /// <summary>Directions as the kernel reads them: [Rows, width] row-major, normalised or orthonormalised where the operation needs it.</summary>
    public required DirectionTensor Directions { get; init; }

    /// <summary>Multiplies the scheduled strength to give the kernel's coefficient: 1 for raw, n / |v| for rms, pi / 180 for degrees.</summary>
    public required double CoefficientPerStrength { get; init; }

    /// <summary>The coefficient is further multiplied by the token's |h|.</summary>
    public bool TimesTokenNorm { get; init; }

    public OperationParameters Parameters { get; init; } = OperationParameters.None;
    public required ScheduledStrength Strength { get; init; }
    public required ResolvedPositions Positions { get; init; }
    public Renormalise Renormalise { get; init; }
}

/// <summary>
/// Directions of one site in kernel form. Instances are shared between plans that use the same vector version in the same way (that is how a
/// thousand requests with one vector and different strengths share one row in device memory), so identity matters: see <see cref="DirectionCache"/>.
/// </summary>
public sealed class DirectionTensor(int rows, int columns, float[] values)
{
    public int Rows => rows;
    public int Columns => columns;
    public ReadOnlySpan<float> Values => values;
}
