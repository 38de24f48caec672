using Steering.Compute;
using Steering.Engine.Loading;
using Steering.Engine.Running;

namespace Steering.Engine.Models;

/// <summary>Cosines and sines of a step's rows, and the turning of queries and keys by them: one set of frequencies, or two where some blocks have their own.</summary>
internal sealed class RotaryAngles
{
    private readonly DecoderShape _shape;
    private readonly IKernels _kernels;
    private readonly RotaryFrequencies? _main, _local;

    // [rows, pairs], sized for the largest step.
    private readonly TensorView _mainCosines, _mainSines, _localCosines, _localSines;

    public RotaryAngles(DecoderShape shape, IKernels kernels, Arena arena, int maxRows)
    {
        (_shape, _kernels) = (shape, kernels);
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
    /// <param name="backwards">Angles of the opposite sign, whose turning is the gradient of the other.</param>
    public void Prepare(Batch batch, bool backwards = false)
    {
        _main?.Fill(_mainCosines.Take(batch.Rows), _mainSines.Take(batch.Rows), batch.Positions.Items, batch.Capacities.Items);
        _local?.Fill(_localCosines.Take(batch.Rows), _localSines.Take(batch.Rows), batch.Positions.Items, batch.Capacities.Items);
        if (!backwards) return;
        Negate(_mainSines, batch.Rows);
        Negate(_localSines, batch.Rows);
    }

    /// <summary>Turns queries and keys of a block in place.</summary>
    public void Turn(TensorView fused, AttentionShape shape, int block)
    {
        var rotation = _shape.BlockShapes[block].Rotation;
        if (rotation == BlockRotation.Main) _kernels.Rotate(fused, shape, _mainCosines.Take(fused.Rows), _mainSines.Take(fused.Rows));
        else if (rotation == BlockRotation.Local) _kernels.Rotate(fused, shape, _localCosines.Take(fused.Rows), _localSines.Take(fused.Rows));
    }

    private static void Negate(TensorView sines, int rows)
    {
        for (int i = 0; i < Math.Min(rows, sines.Rows); i++)
            foreach (ref float sine in sines.Row(i)) sine = -sine;
    }
}
