namespace Steering.Engine.Interventions;

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

    /// <summary>As asked, with defaults filled in: a rotation always says by or to.</summary>
    public OperationParameters Parameters { get; init; } = OperationParameters.None;

    public required ScheduledStrength Strength { get; init; }
    public required ResolvedPositions Positions { get; init; }
    public Renormalise Renormalise { get; init; }

    /// <summary>
    /// The kernel's coefficient for a token at an absolute position. Exactly 0 means that this edit leaves the token alone, renormalisation included:
    /// whoever builds a batch leaves it out (strength 0 is the exact identity, not a multiplication by zero) and does not count it. Allocates nothing.
    /// </summary>
    /// <param name="position">Absolute position, 0 is the first prompt token.</param>
    /// <param name="token">The token read at that position.</param>
    /// <param name="promptLength">Tokens in the prompt: position <c>promptLength</c> holds the first generated token.</param>
    public double CoefficientAt(int position, int token, int promptLength) =>
        Positions.Contains(position, token) ? Strength.At(position - promptLength) * CoefficientPerStrength : 0;
}
