using Steering.Compute;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Running;

namespace Steering.Engine.Models;

/// <summary>The MLP of every block: one for all rows, or a mixture of experts.</summary>
internal sealed class Mlp : IDisposable
{
    private readonly DecoderShape _shape;
    private readonly IKernels _kernels;
    private readonly SiteVisitor _sites;

    // Activations of a step, sized for the largest: [rows, ...].
    private readonly TensorView _gateUp, _activated;
    private readonly ExpertMixture? _mixture;

    public Mlp(DecoderShape shape, IKernels kernels, SiteVisitor sites, Arena arena, int maxRows)
    {
        (_shape, _kernels, _sites) = (shape, kernels, sites);
        if (shape.Experts is { } experts) _mixture = new ExpertMixture(shape, experts, kernels, maxRows);
        if (shape.BlockShapes.All(block => block.HasExperts)) return;
        _gateUp = arena.Matrix(maxRows, shape.IsGated ? 2 * shape.IntermediateSize : shape.IntermediateSize);
        _activated = arena.Matrix(maxRows, shape.IntermediateSize);
    }

    public long ArenaBytes => _mixture?.ArenaBytes ?? 0;

    /// <summary>output = what the MLP of a block adds, before any norm of it; or, unless it is a mixture, += that.</summary>
    public void Run(TensorView output, bool adds, LinearInput input, BlockWeights weights, Batch batch, int block)
    {
        if (weights.Mlp is not { } mlp)
        {
            _mixture!.Run(output, input.Rows, weights.Router!, weights.Experts.AsSpan());
            return;
        }
        TensorView gateUp = _gateUp.Take(batch.Rows), activated = _activated.Take(batch.Rows);
        if (_shape.IsGated) Gated(activated, gateUp, input, mlp.GateUp, batch, block);
        else
        {
            _kernels.Linear(gateUp, input, mlp.GateUp.Matrix, mlp.GateUp.Bias);
            _kernels.Activate(activated, gateUp, _shape.Activation);
        }
        _sites.Visit(batch, SitePoint.MlpAct, block, activated);
        if (adds) _kernels.LinearAdd(output, activated, mlp.Down.Matrix, mlp.Down.Bias);
        else _kernels.Linear(output, activated, mlp.Down.Matrix, mlp.Down.Bias);
    }

    /// <summary>act(gate) * up, in one pass unless somebody looks at act(gate); the bits are the same.</summary>
    private void Gated(TensorView activated, TensorView gateUp, LinearInput input, LinearWeights weights, Batch batch, int block)
    {
        if (!_sites.IsTouched(batch, SitePoint.MlpGate, block))
        {
            _kernels.GatedLinear(activated, gateUp, input, weights.Matrix, weights.Bias, _shape.Activation);
            return;
        }
        _kernels.Linear(gateUp, input, weights.Matrix, weights.Bias);
        TensorView gate = gateUp.Slice(0, _shape.IntermediateSize), up = gateUp.Slice(_shape.IntermediateSize, _shape.IntermediateSize);
        // Edits need rows with zero padding, and a slice has its neighbour there: so act(gate) goes into a matrix of its own.
        _kernels.Activate(activated, gate, _shape.Activation);
        _sites.Visit(batch, SitePoint.MlpGate, block, activated);
        _kernels.Multiply(activated, activated, up);
    }

    public void Dispose() => _mixture?.Dispose();
}
