using Steering.Compute;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Models;
using Steering.Engine.Running;

namespace Steering.Engine.Gradients;

/// <summary>A block run over whole sequences so that what its gradient needs stays in place: one set of activations, whichever block ran last. The bits are the decoder's.</summary>
internal sealed class BlockTrace
{
    private readonly DecoderShape _shape;
    private readonly IKernels _kernels;
    private readonly SiteVisitor _sites;
    private readonly KvCache _cache;
    private readonly RotaryAngles _angles;
    private readonly TensorView _input, _normed, _fusedBeforeNorm, _fused, _heads, _attention, _attentionRaw, _middle, _gateUp, _gate, _activated, _mlp, _mlpRaw;
    private int _rows;

    public BlockTrace(DecoderShape shape, IKernels kernels, SiteVisitor sites, KvCache cache, Arena arena, int maxRows)
    {
        (_shape, _kernels, _sites, _cache) = (shape, kernels, sites, cache);
        _angles = new RotaryAngles(shape, kernels, arena, maxRows);
        int hidden = shape.HiddenSize;
        _input = arena.Matrix(maxRows, hidden);
        _normed = arena.Matrix(maxRows, hidden);
        _fused = arena.Matrix(maxRows, cache.Shape.FusedWidth);
        _fusedBeforeNorm = shape.QueryKeyNorm == QueryKeyNorm.None ? default : arena.Matrix(maxRows, cache.Shape.FusedWidth);
        _heads = arena.Matrix(maxRows, cache.Shape.QueryWidth);
        (_attention, _attentionRaw, _middle) = (arena.Matrix(maxRows, hidden), arena.Matrix(maxRows, hidden), arena.Matrix(maxRows, hidden));
        _gateUp = arena.Matrix(maxRows, (shape.IsGated ? 2 : 1) * shape.IntermediateSize);
        _gate = arena.Matrix(maxRows, shape.IntermediateSize);
        _activated = arena.Matrix(maxRows, shape.IntermediateSize);
        (_mlp, _mlpRaw) = (arena.Matrix(maxRows, hidden), arena.Matrix(maxRows, hidden));
    }

    /// <summary>The residual stream behind the edits of resid_pre.</summary>
    public TensorView Input => _input.Take(_rows);

    /// <summary>The residual stream between attention and MLP.</summary>
    public TensorView Middle => _middle.Take(_rows);

    /// <summary>Projections before queries and keys are normalised; only where the family does that.</summary>
    public TensorView FusedBeforeNorm => _fusedBeforeNorm.Take(_rows);

    /// <summary>Rotated queries and keys, and values.</summary>
    public TensorView Fused => _fused.Take(_rows);

    /// <summary>What attention and MLP give before the family's norm of it.</summary>
    public TensorView AttentionRaw => _attentionRaw.Take(_rows);
    public TensorView MlpRaw => _mlpRaw.Take(_rows);

    /// <summary>Gate and up, before the activation.</summary>
    public TensorView GateUp => _gateUp.Take(_rows);

    /// <summary>activation(gate) behind its edits.</summary>
    public TensorView Gate => _gate.Take(_rows);

    /// <summary>Computes what all blocks of a batch share.</summary>
    public void Prepare(Batch batch)
    {
        _rows = batch.Rows;
        _angles.Prepare(batch);
    }

    /// <param name="residual">In: what the block receives. Out: what it leaves; anything where only the activations are wanted.</param>
    /// <param name="keeps">Whether a gradient follows; else the block may run the fast way.</param>
    /// <param name="wantsOutput">False: stop where the gradient needs no more.</param>
    public void Run(TensorView residual, BlockWeights weights, Batch batch, int block, bool keeps, bool wantsOutput)
    {
        TensorView input = Input, normed = _normed.Take(_rows), attention = _attention.Take(_rows), middle = Middle, mlp = _mlp.Take(_rows);
        _sites.Visit(batch, SitePoint.ResidPre, block, residual);
        residual.CopyTo(input);

        var read = Read(batch, SitePoint.NormAttn, block, normed, input, weights.AttentionNorm);
        Attention(AttentionRaw, read, weights, batch, block);
        attention = PostNorm(attention, AttentionRaw, weights.AttentionPostNorm);
        _sites.Visit(batch, SitePoint.AttnOut, block, attention);
        _kernels.AddTo(residual, attention);
        residual.CopyTo(middle);

        read = Read(batch, SitePoint.NormMlp, block, normed, _shape.ParallelResidual ? input : middle, weights.MlpNorm);
        Activated(read, weights.Mlp!, batch, block, keeps);
        if (!wantsOutput && !weights.MlpPostNorm.IsThere && !_sites.IsTouched(batch, SitePoint.MlpOut, block) && !_sites.IsTouched(batch, SitePoint.ResidPost, block)) return;
        _kernels.Linear(MlpRaw, _activated.Take(_rows), weights.Mlp!.Down.Matrix, weights.Mlp.Down.Bias);
        mlp = PostNorm(mlp, MlpRaw, weights.MlpPostNorm);
        _sites.Visit(batch, SitePoint.MlpOut, block, mlp);
        _kernels.AddTo(residual, mlp);
        _sites.Visit(batch, SitePoint.ResidPost, block, residual);
    }

    private void Attention(TensorView output, TensorView input, BlockWeights weights, Batch batch, int block)
    {
        TensorView fused = Fused, heads = _heads.Take(_rows);
        var shape = _cache.Shape;
        _kernels.Linear(fused, input, weights.QueryKeyValue.Matrix, weights.QueryKeyValue.Bias);
        if (_shape.QueryKeyNorm != QueryKeyNorm.None)
        {
            fused.CopyTo(FusedBeforeNorm);
            _kernels.RmsNormGroups(fused.Slice(0, shape.QueryWidth), weights.QueryNorm, (float)_shape.NormEps);
            _kernels.RmsNormGroups(fused.Slice(shape.QueryWidth, shape.KeyValueWidth), weights.KeyNorm, (float)_shape.NormEps);
        }
        _angles.Turn(fused, shape, block);
        _kernels.StoreKv(_cache, 0, fused, batch.Places);
        _kernels.Attend(heads, fused, _cache, 0, batch.Places, _shape.AttentionRuleOf(block));
        _sites.Visit(batch, SitePoint.HeadIn, block, heads);
        _kernels.Linear(output, heads, weights.AttentionOutput.Matrix, weights.AttentionOutput.Bias);
    }

    private void Activated(TensorView input, MlpWeights weights, Batch batch, int block, bool keeps)
    {
        TensorView gateUp = GateUp, gate = Gate, activated = _activated.Take(_rows);
        if (_shape.IsGated && !keeps && !_sites.IsTouched(batch, SitePoint.MlpGate, block))
        {
            _kernels.GatedLinear(activated, gateUp, input, weights.GateUp.Matrix, weights.GateUp.Bias, _shape.Activation);
            _sites.Visit(batch, SitePoint.MlpAct, block, activated);
            return;
        }
        _kernels.Linear(gateUp, input, weights.GateUp.Matrix, weights.GateUp.Bias);
        if (_shape.IsGated)
        {
            _kernels.Activate(gate, gateUp.Slice(0, _shape.IntermediateSize), _shape.Activation);
            _sites.Visit(batch, SitePoint.MlpGate, block, gate);
            _kernels.Multiply(activated, gate, gateUp.Slice(_shape.IntermediateSize, _shape.IntermediateSize));
        }
        else _kernels.Activate(activated, gateUp, _shape.Activation);
        _sites.Visit(batch, SitePoint.MlpAct, block, activated);
    }

    /// <summary>What a product reads: the residual stream normalised, behind the edits there, or itself where the family has no norm.</summary>
    private TensorView Read(Batch batch, SitePoint point, int block, TensorView normed, TensorView residual, NormWeights norm)
    {
        if (!norm.IsThere) return residual;
        _kernels.Normalise(_shape, normed, residual, norm);
        _sites.Visit(batch, point, block, normed);
        return normed;
    }

    /// <summary>The normalised rows in a place of their own, so that the raw ones stay; a copy where there is no norm, because edits change it.</summary>
    private TensorView PostNorm(TensorView output, TensorView raw, NormWeights norm)
    {
        if (norm.IsThere) _kernels.Normalise(_shape, output, raw, norm);
        else raw.CopyTo(output);
        return output;
    }
}
