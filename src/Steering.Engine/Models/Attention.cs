using Steering.Compute;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Running;

namespace Steering.Engine.Models;

/// <summary>Attention of every block: projections, norms of queries and keys, rotation, cache, window.</summary>
internal sealed class Attention
{
    private readonly DecoderShape _shape;
    private readonly IKernels _kernels;
    private readonly SiteVisitor _sites;
    private readonly KvCache _cache;
    private readonly RotaryAngles _angles;

    // Activations of a step, sized for the largest: [rows, ...].
    private readonly TensorView _fused, _heads;

    public Attention(DecoderShape shape, IKernels kernels, SiteVisitor sites, KvCache cache, Arena arena, int maxRows)
    {
        (_shape, _kernels, _sites, _cache) = (shape, kernels, sites, cache);
        _angles = new RotaryAngles(shape, kernels, arena, maxRows);
        _fused = arena.Matrix(maxRows, cache.Shape.FusedWidth);
        _heads = arena.Matrix(maxRows, cache.Shape.QueryWidth);
    }

    /// <summary>Computes what all blocks of a step share.</summary>
    public void Prepare(Batch batch) => _angles.Prepare(batch);

    /// <summary>output = what attention of a block adds, before any norm of it; or += that.</summary>
    public void Run(TensorView output, bool adds, LinearInput input, BlockWeights weights, Batch batch, int block)
    {
        TensorView fused = _fused.Take(batch.Rows), heads = _heads.Take(batch.Rows);
        var shape = _cache.Shape;
        _kernels.Linear(fused, input, weights.QueryKeyValue.Matrix, weights.QueryKeyValue.Bias);
        if (_shape.QueryKeyNorm != QueryKeyNorm.None)
        {
            _kernels.RmsNormGroups(fused.Slice(0, shape.QueryWidth), weights.QueryNorm, (float)_shape.NormEps);
            _kernels.RmsNormGroups(fused.Slice(shape.QueryWidth, shape.KeyValueWidth), weights.KeyNorm, (float)_shape.NormEps);
        }
        _angles.Turn(fused, shape, block);
        _kernels.StoreKv(_cache, block, fused, batch.Places);
        _kernels.Attend(heads, fused, _cache, block, batch.Places, _shape.AttentionRuleOf(block));
        _sites.Visit(batch, SitePoint.HeadIn, block, heads);
        if (adds) _kernels.LinearAdd(output, heads, weights.AttentionOutput.Matrix, weights.AttentionOutput.Bias);
        else _kernels.Linear(output, heads, weights.AttentionOutput.Matrix, weights.AttentionOutput.Bias);
    }
}
