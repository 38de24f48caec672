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
    private readonly RotaryFrequencies? _main, _local;

    // Activations of a step, sized for the largest: [rows, ...].
    private readonly TensorView _fused, _heads, _mainCosines, _mainSines, _localCosines, _localSines;

    public Attention(DecoderShape shape, IKernels kernels, SiteVisitor sites, KvCache cache, Arena arena, int maxRows)
    {
        (_shape, _kernels, _sites, _cache) = (shape, kernels, sites, cache);
        _fused = arena.Matrix(maxRows, cache.Shape.FusedWidth);
        _heads = arena.Matrix(maxRows, cache.Shape.QueryWidth);
        if (shape.RotaryDimension > 0)
        {
            _main = new RotaryFrequencies(shape.RotaryDimension, shape.RopeTheta, shape.RopeScaling);
            (_mainCosines, _mainSines) = (arena.Matrix(maxRows, shape.RotaryDimension / 2), arena.Matrix(maxRows, shape.RotaryDimension / 2));
        }
        if (shape.LocalRopeTheta is { } theta)
        {
            _local = new RotaryFrequencies(shape.RotaryDimension, theta, RopeScaling.None.Instance);
            (_localCosines, _localSines) = (arena.Matrix(maxRows, shape.RotaryDimension / 2), arena.Matrix(maxRows, shape.RotaryDimension / 2));
        }
    }

    /// <summary>Computes what all blocks of a step share.</summary>
    public void Prepare(Batch batch)
    {
        _main?.Fill(_mainCosines.Take(batch.Rows), _mainSines.Take(batch.Rows), batch.Positions.Items, batch.Capacities.Items);
        _local?.Fill(_localCosines.Take(batch.Rows), _localSines.Take(batch.Rows), batch.Positions.Items, batch.Capacities.Items);
    }

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
        var own = _shape.BlockShapes[block];
        if (own.Rotation == BlockRotation.Main) _kernels.Rotate(fused, shape, _mainCosines.Take(batch.Rows), _mainSines.Take(batch.Rows));
        else if (own.Rotation == BlockRotation.Local) _kernels.Rotate(fused, shape, _localCosines.Take(batch.Rows), _localSines.Take(batch.Rows));
        _kernels.StoreKv(_cache, block, fused, batch.Places);
        _kernels.Attend(heads, fused, _cache, block, batch.Places, new AttentionRule((float)_shape.AttentionScale, own.Window, (float)(_shape.AttentionSoftCap ?? 0)));
        _sites.Visit(batch, SitePoint.HeadIn, block, heads);
        if (adds) _kernels.LinearAdd(output, heads, weights.AttentionOutput.Matrix, weights.AttentionOutput.Bias);
        else _kernels.Linear(output, heads, weights.AttentionOutput.Matrix, weights.AttentionOutput.Bias);
    }
}
