using Steering.Compute;
using Steering.Engine.Loading;

namespace Steering.Engine.Models;

/// <summary>
/// Rotary position frequencies and their angles. Computed as transformers does (modeling_rope_utils): frequencies and angles in f32, because at position 100,000 the f32 rounding of an
/// angle is larger than our whole error budget and models were trained with it.
/// </summary>
internal sealed class RotaryFrequencies
{
    private readonly float[] _frequencies;

    // LongRoPE: frequencies of sequences that may grow beyond the original context, and what cosines and sines are multiplied by.
    private readonly float[]? _longFrequencies;
    private readonly int _originalContext;
    private readonly float _magnitude = 1;

    /// <param name="dimension">Values of a head that are turned, even.</param>
    /// <param name="theta">Base.</param>
    /// <param name="scaling">How angles are stretched.</param>
    public RotaryFrequencies(int dimension, double theta, RopeScaling scaling)
    {
        _frequencies = new float[dimension / 2];
        for (int i = 0; i < _frequencies.Length; i++) _frequencies[i] = 1f / (float)Math.Pow(theta, (float)(2 * i) / dimension);
        switch (scaling)
        {
            case RopeScaling.Linear linear:
                Change(_frequencies, (frequency, _) => (float)(frequency / linear.Factor));
                break;
            case RopeScaling.Llama3 llama:
                Change(_frequencies, (frequency, _) => Llama3(frequency, llama));
                break;
            case RopeScaling.LongRope rope:
                _longFrequencies = [.. _frequencies];
                Change(_frequencies, (frequency, i) => (float)(frequency / rope.ShortFactors[i]));
                Change(_longFrequencies, (frequency, i) => (float)(frequency / rope.LongFactors[i]));
                (_originalContext, _magnitude) = (rope.OriginalMaxPositions, (float)rope.AttentionFactor);
                break;
        }
    }

    /// <summary>Fills row i of cosines and sines [rows, dimension / 2] for positions[i] of a sequence that may grow to capacities[i] tokens.</summary>
    public void Fill(TensorView cosines, TensorView sines, ReadOnlySpan<int> positions, ReadOnlySpan<int> capacities)
    {
        for (int row = 0; row < positions.Length; row++)
        {
            Span<float> c = cosines.Row(row), s = sines.Row(row);
            float[] frequencies = _longFrequencies is not null && capacities[row] > _originalContext ? _longFrequencies : _frequencies;
            for (int i = 0; i < frequencies.Length; i++)
            {
                var (sine, cosine) = Math.SinCos(positions[row] * frequencies[i]);
                c[i] = (float)cosine * _magnitude;
                s[i] = (float)sine * _magnitude;
            }
        }
    }

    private static void Change(float[] frequencies, Func<float, int, float> change)
    {
        for (int i = 0; i < frequencies.Length; i++) frequencies[i] = change(frequencies[i], i);
    }

    /// <summary>Llama 3.1: long wavelengths are stretched by the factor, short ones kept, those between blended.</summary>
    private static float Llama3(float frequency, RopeScaling.Llama3 s)
    {
        float wavelength = 2 * MathF.PI / frequency;
        if (wavelength < s.OriginalMaxPositions / s.HighFrequencyFactor) return frequency;
        if (wavelength > s.OriginalMaxPositions / s.LowFrequencyFactor) return (float)(frequency / s.Factor);
        double smooth = (s.OriginalMaxPositions / wavelength - s.LowFrequencyFactor) / (s.HighFrequencyFactor - s.LowFrequencyFactor);
        return (float)((1 - smooth) * frequency / s.Factor + smooth * frequency);
    }
}
