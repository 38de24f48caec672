namespace Steering.Methods.Evaluation;

/// <summary>
/// The norm that GrAInS's released code restores: over the sequence, channel by channel, where the paper means over the channels of a token. It reads other tokens of a text, and on a single one it only lets signs
/// flip, so no request can be served with it (docs/decisions.md 13); here it is for comparing with their numbers.
/// </summary>
public static class ChannelRenormalisation
{
    /// <summary>u |h| / (|u| + 1e-8) with norms over tokens, u = h + strength v.</summary>
    /// <param name="states">[tokens][width] of one whole text.</param>
    /// <param name="strength">The code's 10 alpha.</param>
    public static double[][] Apply(IReadOnlyList<double[]> states, ReadOnlySpan<double> vector, double strength)
    {
        int width = vector.Length;
        var steered = states.Select(_ => new double[width]).ToArray();
        for (int channel = 0; channel < width; channel++)
        {
            double before = 0, after = 0;
            for (int token = 0; token < steered.Length; token++)
            {
                double h = states[token][channel], u = steered[token][channel] = h + strength * vector[channel];
                before += h * h;
                after += u * u;
            }
            for (int token = 0; token < steered.Length; token++) steered[token][channel] *= Math.Sqrt(before) / (Math.Sqrt(after) + 1e-8);
        }
        return steered;
    }
}
