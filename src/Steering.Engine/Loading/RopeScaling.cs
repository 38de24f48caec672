namespace Steering.Engine.Loading;

/// <summary>How rotary angles are stretched beyond the positions a model was first trained on.</summary>
public abstract record RopeScaling
{
    private RopeScaling() { }

    /// <summary>Angles as they are.</summary>
    public sealed record None : RopeScaling
    {
        public static None Instance { get; } = new();
    }

    /// <summary>Every angle divided by the factor.</summary>
    public sealed record Linear(double Factor) : RopeScaling;

    /// <summary>
    /// Llama 3.1: with wavelength w = 2 pi / frequency, frequencies of w below original / high are kept, those of w above original / low divided by the factor,
    /// those between blended.
    /// </summary>
    public sealed record Llama3(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalMaxPositions) : RopeScaling;

    /// <summary>
    /// LongRoPE (Ding et al. 2024): every frequency is divided by a factor of its own, one list for sequences that stay within the original context and one for those
    /// that may grow beyond it; cosines and sines are multiplied by the attention factor in both. Which list is settled when a request is admitted (docs/decisions.md 8).
    /// </summary>
    public sealed record LongRope(ValueList<double> ShortFactors, ValueList<double> LongFactors, int OriginalMaxPositions, double AttentionFactor) : RopeScaling;
}
