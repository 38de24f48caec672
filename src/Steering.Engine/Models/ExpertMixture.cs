using Steering.Compute;
using Steering.Engine.Loading;

namespace Steering.Engine.Models;

/// <summary>
/// A mixture of experts: every row goes to the few experts its router prefers, and their outputs are added with the router's weights, in ascending order of experts (docs/decisions.md 5). Rows of
/// one expert are computed together; a row's bits do not depend on who they are.
/// </summary>
internal sealed class ExpertMixture : IDisposable
{
    private readonly DecoderShape _shape;
    private readonly ExpertShape _experts;
    private readonly IKernels _kernels;
    private readonly Arena _arena = new();
    private readonly TensorView _logits, _weights, _input, _gateUp, _activated, _output;
    private readonly NativeList<RowCopy> _gather = new();
    private readonly NativeList<RowWeight> _scatter = new();

    public ExpertMixture(DecoderShape shape, ExpertShape experts, IKernels kernels, int maxRows)
    {
        (_shape, _experts, _kernels) = (shape, experts, kernels);
        _logits = _arena.Matrix(maxRows, experts.Count);
        _weights = _arena.Matrix(maxRows, experts.Count);
        _input = _arena.Matrix(maxRows, shape.HiddenSize);
        _gateUp = _arena.Matrix(maxRows, 2 * experts.IntermediateSize);
        _activated = _arena.Matrix(maxRows, experts.IntermediateSize);
        _output = _arena.Matrix(maxRows, shape.HiddenSize);
    }

    public long ArenaBytes => _arena.Bytes;

    public void Run(TensorView output, TensorView input, WeightMatrix router, ReadOnlySpan<MlpWeights> experts)
    {
        TensorView logits = _logits.Take(input.Rows), weights = _weights.Take(input.Rows);
        _kernels.Linear(logits, input, router, default);
        _kernels.Route(weights, logits, _experts.PerToken, _experts.Renormalise);
        for (int row = 0; row < output.Rows; row++) output.Row(row).Clear();
        for (int e = 0; e < experts.Length; e++)
        {
            _gather.Clear();
            _scatter.Clear();
            for (int row = 0; row < input.Rows; row++)
            {
                float weight = weights.Row(row)[e];
                if (weight == 0) continue;
                _gather.Add(new RowCopy(row, _input.Address + (nint)_gather.Count * _input.Stride * sizeof(float)));
                _scatter.Add(new RowWeight(row, weight));
            }
            if (_gather.Count > 0) Run(experts[e], output, input);
        }
    }

    private void Run(MlpWeights expert, TensorView output, TensorView input)
    {
        int rows = _gather.Count;
        TensorView gateUp = _gateUp.Take(rows), activated = _activated.Take(rows), added = _output.Take(rows);
        _kernels.CopyRows(input, _gather);
        _kernels.GatedLinear(activated, gateUp, _input.Take(rows), expert.GateUp.Matrix, expert.GateUp.Bias, _shape.Activation);
        _kernels.Linear(added, activated, expert.Down.Matrix, expert.Down.Bias);
        _kernels.AddScaledRows(output, added, _scatter);
    }

    public void Dispose()
    {
        _arena.Dispose();
        _gather.Dispose();
        _scatter.Dispose();
    }
}
