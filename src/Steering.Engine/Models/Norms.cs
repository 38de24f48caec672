using Steering.Compute;
using Steering.Engine.Loading;

namespace Steering.Engine.Models;

/// <summary>The norm that a family has.</summary>
internal static class Norms
{
    /// <summary>The rows normalised into output; nothing where the family has no norm there.</summary>
    /// <param name="consumer">The matrix that output is multiplied by next, unchanged (<see cref="IKernels.RmsNorm"/>).</param>
    public static LinearInput Normalise(this IKernels kernels, DecoderShape shape, TensorView output, TensorView rows, NormWeights norm, WeightMatrix? consumer = null)
    {
        if (!norm.IsThere) return output;
        if (shape.Norm == NormKind.LayerNorm) return kernels.LayerNorm(output, rows, norm.Weight, norm.Bias, (float)shape.NormEps, consumer);
        return kernels.RmsNorm(output, rows, norm.Weight, (float)shape.NormEps, consumer);
    }
}
