namespace Steering.Engine.Interventions;

/// <summary>What a strength counts (docs/decisions.md 12).</summary>
public enum StrengthUnit
{
    /// <summary>Multiples of the stored tensor.</summary>
    Raw,
    /// <summary>Multiples of the site's root mean square residual norm, along v / |v|.</summary>
    Rms,
    /// <summary>Multiples of the token's own |h|, along v / |v|.</summary>
    TokenNorm,
    /// <summary>An angle.</summary>
    Degrees,
    /// <summary>A blend: 0 is h, 1 the whole operation.</summary>
    Fraction,
}
