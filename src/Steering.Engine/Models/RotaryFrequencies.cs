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

    public RotaryFrequencies(DecoderShape shape)
    {
        int half = shape.HeadDimension / 2;
        _frequencies = new float[half];
        for (int i = 0; i < half; i++)
        {
            float frequency = 1f / (float)Math.Pow(shape.RopeTheta, (float)(2 * i) / shape.HeadDimension);
            _frequencies[i] = shape.RopeScaling switch
            {
                RopeScaling.Linear linear => (float)(frequency / linear.Factor),
                RopeScaling.Llama3 llama => Llama3(frequency, llama),
                _ => frequency,
            };
        }
    }

    /// <summary>Fills row i of cosines and sines [rows, headDimension / 2] for positions[i].</summary>
    public void Fill(TensorView cosines, TensorView sines, ReadOnlySpan<int> positions)
    {
        for (int row = 0; row < positions.Length; row++)
        {
            Span<float> c = cosines.Row(row), s = sines.Row(row);
            for (int i = 0; i < _frequencies.Length; i++)
            {
                var (sine, cosine) = Math.SinCos(positions[row] * _frequencies[i]);
                c[i] = (float)cosine;
                s[i] = (float)sine;
            }
        }
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
