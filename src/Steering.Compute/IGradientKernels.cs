namespace Steering.Compute;

/// <summary>
/// Gradients of the operations of <see cref="IKernels"/> with respect to their inputs; weights are frozen. A gradient has the shape of what it belongs to, and "target +=" lets the branches of a residual stream
/// meet. As everywhere, a row's bits do not depend on the other rows or on the number of threads.
/// </summary>
public interface IGradientKernels
{
    /// <summary>target += gradient of <see cref="IKernels.RmsNorm"/>.</summary>
    /// <param name="target">dL/d input.</param>
    /// <param name="gradient">dL/d output.</param>
    /// <param name="input">What was normalised.</param>
    void RmsNormGradient(TensorView target, TensorView gradient, TensorView input, TensorView weight, float epsilon);

    /// <summary>target += gradient of <see cref="IKernels.LayerNorm"/>.</summary>
    void LayerNormGradient(TensorView target, TensorView gradient, TensorView input, TensorView weight, float epsilon);

    /// <summary>gradient of <see cref="IKernels.RmsNormGroups"/>, in place.</summary>
    /// <param name="gradient">In: dL/d output. Out: dL/d input.</param>
    /// <param name="input">The rows before they were normalised; like gradient it may be a slice.</param>
    void RmsNormGroupsGradient(TensorView gradient, TensorView input, TensorView weight, float epsilon);

    /// <summary>target = gradient W: of <see cref="IKernels.Linear"/>, in f32 whatever the numerics.</summary>
    void LinearGradient(TensorView target, TensorView gradient, WeightMatrix weights);

    /// <summary>gradient *= activation'(input), in place.</summary>
    void ActivateGradient(TensorView gradient, TensorView input, Activation activation);

    /// <summary>target = gradient of <see cref="IKernels.Attend"/> for whole sequences, with respect to rotated queries, rotated keys and values.</summary>
    /// <param name="target">[rows, fused width].</param>
    /// <param name="gradient">[rows, query width]: dL/d heads.</param>
    /// <param name="fused">As Attend read it; the keys and values of its rows are all there were.</param>
    /// <param name="sequences">Which rows are a sequence, position 0 first.</param>
    void AttendGradient(TensorView target, TensorView gradient, TensorView fused, AttentionShape shape, NativeList<RowSpan> sequences, AttentionRule rule);
}

/// <summary>Neighbouring rows.</summary>
public readonly record struct RowSpan(int First, int Count);
