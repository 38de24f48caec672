namespace Steering.Engine.Attribution;

/// <summary>How much of an objective each token is said to be responsible for.</summary>
public enum AttributionMethod
{
    /// <summary>Sundararajan et al. 2017: the gradient integrated from a baseline to the input, times their difference.</summary>
    IntegratedGradients,

    /// <summary>The gradient at the input, times the input.</summary>
    GradientTimesInput,

    /// <summary>Smilkov et al. 2017: the mean gradient over noisy copies of the input, summed over a token's values and not multiplied by it (as GrAInS's code has it).</summary>
    SmoothGrad,
}

/// <summary>What every embedding is replaced by at the beginning of the path.</summary>
public enum AttributionBaseline
{
    /// <summary>Zeros: what GrAInS uses. Integrated gradients do not add up from there on models with RMSNorm, whatever the number of points.</summary>
    Zero,

    /// <summary>The embedding of a padding token.</summary>
    Pad,

    /// <summary>The mean of the whole embedding table.</summary>
    Mean,
}

/// <summary>Where the path is looked at.</summary>
public enum AttributionRule
{
    /// <summary>Points are added where the integrand bends, until the attributions add up or the budget is spent.</summary>
    Adaptive,
    GaussLegendre,
    Midpoint,

    /// <summary>Evaluates the ends, so not from a zero baseline.</summary>
    Trapezoid,
}

/// <summary>How attributions are computed.</summary>
public sealed record AttributionOptions
{
    public AttributionMethod Method { get; init; } = AttributionMethod.IntegratedGradients;
    public AttributionBaseline Baseline { get; init; } = AttributionBaseline.Pad;
    public AttributionRule Rule { get; init; } = AttributionRule.Adaptive;

    /// <summary>Points of a fixed rule, or noisy copies of SmoothGrad.</summary>
    public int Points { get; init; } = 20;

    /// <summary>Gradients the adaptive rule may compute.</summary>
    public int Budget { get; init; } = 400;

    /// <summary>The adaptive rule ends when the sum is within this share of the objective's difference.</summary>
    public double Tolerance { get; init; } = 0.05;

    /// <summary>SmoothGrad's standard deviation.</summary>
    public double Noise { get; init; } = 0.01;

    /// <summary>Of SmoothGrad's noise.</summary>
    public ulong Seed { get; init; }

    /// <summary>Token of <see cref="AttributionBaseline.Pad"/>.</summary>
    public int PadToken { get; init; }
}

/// <summary>Gradients computed, and how many there will be as far as is known.</summary>
public readonly record struct AttributionProgress(int Done, int Expected);

/// <summary>Attributions of one sequence.</summary>
/// <param name="Scores">One for each token: the sum over its embedding's values.</param>
/// <param name="Value">The objective at the input.</param>
/// <param name="BaselineValue">The objective at the baseline; not a number where the method has none.</param>
/// <param name="Gradients">Gradients that were computed.</param>
/// <param name="IsWithinTolerance">Whether the adaptive rule reached its tolerance; null for other rules.</param>
public sealed record AttributionResult(double[] Scores, double Value, double BaselineValue, int Gradients, bool? IsWithinTolerance)
{
    public double Sum => Scores.Sum();

    /// <summary>How far the scores are from adding up to the difference of the objective.</summary>
    public double CompletenessError => Sum - (Value - BaselineValue);
}
