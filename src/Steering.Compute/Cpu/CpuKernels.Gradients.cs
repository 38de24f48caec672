using Steering.Compute.Cpu.Gradients;

namespace Steering.Compute.Cpu;

internal sealed unsafe partial class CpuKernels<TLanes> : IGradientKernels
{
    public void RmsNormGradient(TensorView target, TensorView gradient, TensorView input, TensorView weight, float epsilon) =>
        pool.Run(new RmsNormGradientJob<TLanes>(target, gradient, input, weight.Pointer(0), epsilon), input.Rows, RowsPerThread(2 * input.Columns));

    public void LayerNormGradient(TensorView target, TensorView gradient, TensorView input, TensorView weight, float epsilon) =>
        pool.Run(new LayerNormGradientJob<TLanes>(target, gradient, input, weight.Pointer(0), epsilon), input.Rows, RowsPerThread(2 * input.Columns));

    public void RmsNormGroupsGradient(TensorView gradient, TensorView input, TensorView weight, float epsilon) =>
        pool.Run(new RmsNormGroupsGradientJob<TLanes>(gradient, input, weight.Pointer(0), weight.Columns, epsilon), gradient.Rows, RowsPerThread(2 * gradient.Columns));

    public void LinearGradient(TensorView target, TensorView gradient, WeightMatrix weights) => _products.RunGradient(target, gradient, Fitting(target, weights, gradient.Rows, gradient.Columns));

    public void ActivateGradient(TensorView gradient, TensorView input, Activation activation)
    {
        switch (activation)
        {
            case Activation.Silu: Elements<SlopeFunction<SiluActivation>>(gradient, input, gradient); break;
            case Activation.Gelu: Elements<SlopeFunction<GeluActivation>>(gradient, input, gradient); break;
            default: Elements<SlopeFunction<GeluTanhActivation>>(gradient, input, gradient); break;
        }
    }

    public void AttendGradient(TensorView target, TensorView gradient, TensorView fused, AttentionShape shape, NativeList<RowSpan> sequences, AttentionRule rule)
    {
        int longest = 0;
        foreach (var sequence in sequences.Items) longest = Math.Max(longest, sequence.Count);
        var scratch = _products.Scratch(AttendGradientJob<TLanes>.ScratchBytes(shape, longest));
        pool.Run(new AttendGradientJob<TLanes>(target, gradient, fused, shape, (RowSpan*)sequences.Address, rule, scratch), sequences.Count * shape.KeyValueHeads);
    }
}
