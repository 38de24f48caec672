using Steering.Compute;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Models;
using Steering.Engine.Running;

namespace Steering.Engine.Gradients;

/// <summary>A block backwards: from dL/d of what it leaves to dL/d of what it receives, over what <see cref="BlockTrace"/> kept.</summary>
internal sealed class BlockGradient
{
    private readonly DecoderShape _shape;
    private readonly IGradientKernels _gradients;
    private readonly IKernels _kernels;
    private readonly EditGradients _edits;
    private readonly AttentionShape _attention;
    private readonly RotaryAngles _angles;
    private readonly TensorView _branch, _edited, _raw, _normed, _activated, _gateUp, _heads, _fused;

    public BlockGradient(DecoderShape shape, IKernels kernels, IGradientKernels gradients, EditGradients edits, AttentionShape attention, Arena arena, int maxRows)
    {
        (_shape, _kernels, _gradients, _edits, _attention) = (shape, kernels, gradients, edits, attention);
        _angles = new RotaryAngles(shape, kernels, arena, maxRows);
        (_branch, _edited, _raw, _normed) = (arena.Matrix(maxRows, shape.HiddenSize), arena.Matrix(maxRows, shape.HiddenSize), arena.Matrix(maxRows, shape.HiddenSize), arena.Matrix(maxRows, shape.HiddenSize));
        _activated = arena.Matrix(maxRows, shape.IntermediateSize);
        _gateUp = arena.Matrix(maxRows, (shape.IsGated ? 2 : 1) * shape.IntermediateSize);
        _heads = arena.Matrix(maxRows, attention.QueryWidth);
        _fused = arena.Matrix(maxRows, attention.FusedWidth);
    }

    /// <summary>Computes what all blocks of a batch share.</summary>
    public void Prepare(Batch batch) => _angles.Prepare(batch, backwards: true);

    /// <param name="gradient">In: dL/d what the block leaves. Out: dL/d what it receives.</param>
    public void Run(TensorView gradient, BlockTrace trace, BlockWeights weights, NativeList<RowSpan> sequences, int block)
    {
        _edits.Pull(SitePoint.ResidPost, block, gradient);
        TensorView branch = _branch.Take(gradient.Rows);
        if (_shape.ParallelResidual)
        {
            // Both read the same residual stream, so attention's gradient is the one from before the MLP's is added.
            gradient.CopyTo(branch);
            Mlp(gradient, gradient, trace, weights, block, trace.Input);
            Attention(gradient, branch, trace, weights, sequences, block);
        }
        else
        {
            Mlp(gradient, gradient, trace, weights, block, trace.Middle);
            Attention(gradient, gradient, trace, weights, sequences, block);
        }
        _edits.Pull(SitePoint.ResidPre, block, gradient);
    }

    /// <summary>target += the gradient through the MLP.</summary>
    /// <param name="added">dL/d what the MLP adds to the residual stream.</param>
    /// <param name="read">The residual stream it reads.</param>
    private void Mlp(TensorView target, TensorView added, BlockTrace trace, BlockWeights weights, int block, TensorView read)
    {
        TensorView raw = Raw(added, SitePoint.MlpOut, block, weights.MlpPostNorm, trace.MlpRaw), activated = _activated.Take(target.Rows), gateUp = _gateUp.Take(target.Rows), normed = _normed.Take(target.Rows);
        _gradients.LinearGradient(activated, raw, weights.Mlp!.Down.Matrix);
        _edits.Pull(SitePoint.MlpAct, block, activated);
        if (_shape.IsGated)
        {
            int width = _shape.IntermediateSize;
            TensorView gate = gateUp.Slice(0, width), up = gateUp.Slice(width, width);
            _kernels.Multiply(gate, activated, trace.GateUp.Slice(width, width));
            _edits.Pull(SitePoint.MlpGate, block, gate);
            _gradients.ActivateGradient(gate, trace.GateUp.Slice(0, width), _shape.Activation);
            _kernels.Multiply(up, activated, trace.Gate);
        }
        else
        {
            _gradients.ActivateGradient(activated, trace.GateUp, _shape.Activation);
            gateUp = activated;
        }
        _gradients.LinearGradient(normed, gateUp, weights.Mlp.GateUp.Matrix);
        ThroughNorm(target, normed, SitePoint.NormMlp, block, weights.MlpNorm, read);
    }

    /// <summary>target += the gradient through attention.</summary>
    private void Attention(TensorView target, TensorView added, BlockTrace trace, BlockWeights weights, NativeList<RowSpan> sequences, int block)
    {
        TensorView raw = Raw(added, SitePoint.AttnOut, block, weights.AttentionPostNorm, trace.AttentionRaw), heads = _heads.Take(target.Rows), fused = _fused.Take(target.Rows), normed = _normed.Take(target.Rows);
        _gradients.LinearGradient(heads, raw, weights.AttentionOutput.Matrix);
        _edits.Pull(SitePoint.HeadIn, block, heads);
        _gradients.AttendGradient(fused, heads, trace.Fused, _attention, sequences, _shape.AttentionRuleOf(block));
        _angles.Turn(fused, _attention, block);
        if (_shape.QueryKeyNorm != QueryKeyNorm.None)
        {
            var before = trace.FusedBeforeNorm;
            _gradients.RmsNormGroupsGradient(fused.Slice(0, _attention.QueryWidth), before.Slice(0, _attention.QueryWidth), weights.QueryNorm, (float)_shape.NormEps);
            _gradients.RmsNormGroupsGradient(fused.Slice(_attention.QueryWidth, _attention.KeyValueWidth), before.Slice(_attention.QueryWidth, _attention.KeyValueWidth), weights.KeyNorm, (float)_shape.NormEps);
        }
        _gradients.LinearGradient(normed, fused, weights.QueryKeyValue.Matrix);
        ThroughNorm(target, normed, SitePoint.NormAttn, block, weights.AttentionNorm, trace.Input);
    }

    /// <summary>dL/d of what a sublayer gives before the family's norm of it. <paramref name="added"/> stays.</summary>
    private TensorView Raw(TensorView added, SitePoint point, int block, NormWeights postNorm, TensorView before)
    {
        TensorView edited = added, raw = _raw.Take(added.Rows);
        if (_edits.Touches(point, block))
        {
            edited = _edited.Take(added.Rows);
            added.CopyTo(edited);
            _edits.Pull(point, block, edited);
        }
        if (!postNorm.IsThere) return edited;
        raw.Clear();
        NormGradient(raw, edited, before, postNorm);
        return raw;
    }

    private void ThroughNorm(TensorView target, TensorView gradient, SitePoint point, int block, NormWeights norm, TensorView read)
    {
        if (norm.IsThere)
        {
            _edits.Pull(point, block, gradient);
            NormGradient(target, gradient, read, norm);
        }
        else _kernels.AddTo(target, gradient);
    }

    /// <summary>target += gradient of the family's norm.</summary>
    public void NormGradient(TensorView target, TensorView gradient, TensorView input, NormWeights norm)
    {
        if (_shape.Norm == NormKind.LayerNorm) _gradients.LayerNormGradient(target, gradient, input, norm.Weight, (float)_shape.NormEps);
        else _gradients.RmsNormGradient(target, gradient, input, norm.Weight, (float)_shape.NormEps);
    }
}
