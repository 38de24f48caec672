using System.Runtime.Intrinsics;

namespace Steering.Engine.Sampling;

/// <summary>Which of the values from a place on reach a threshold, as bits: a filter lets few tokens through, and looking at every token of a vocabulary for them took longer than all exponentials.</summary>
internal static class Threshold
{
    /// <summary>Values looked at together.</summary>
    public const int Logits = 16, Weights = 8;

    /// <summary>Bit i: values[start + i] is at least so large. Not a number never is.</summary>
    public static uint AtLeast(ReadOnlySpan<float> values, int start, float least)
    {
        if (start + Logits <= values.Length) return (uint)Vector512.GreaterThanOrEqual(Vector512.Create(values.Slice(start, Logits)), Vector512.Create(least)).ExtractMostSignificantBits();
        uint bits = 0;
        for (int i = start; i < values.Length; i++)
            if (values[i] >= least) bits |= 1u << (i - start);
        return bits;
    }

    /// <summary>The same for weights.</summary>
    public static uint AtLeast(ReadOnlySpan<double> values, int start, double least)
    {
        if (start + Weights <= values.Length) return (uint)Vector512.GreaterThanOrEqual(Vector512.Create(values.Slice(start, Weights)), Vector512.Create(least)).ExtractMostSignificantBits();
        uint bits = 0;
        for (int i = start; i < values.Length; i++)
            if (values[i] >= least) bits |= 1u << (i - start);
        return bits;
    }
}
