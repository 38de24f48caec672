using Steering.Compute.Quantised;

namespace Steering.Compute;

/// <summary>A frozen matrix [Outputs, Inputs] in a backend's own layout.</summary>
public abstract class WeightMatrix : IDisposable
{
    /// <summary>Rows of the matrix as models store it.</summary>
    public abstract int Outputs { get; }

    /// <summary>Columns of the matrix as models store it.</summary>
    public abstract int Inputs { get; }

    public abstract DType Type { get; }

    /// <summary>Memory it occupies.</summary>
    public abstract long Bytes { get; }

    public abstract void Dispose();
}

/// <summary>A weight as it lies in a file, without padding. Several sources stacked make one matrix (query, key and value, say).</summary>
/// <param name="Address">First byte.</param>
/// <param name="Type">Of the stored values; <see cref="DType.Int8"/> for blocks.</param>
/// <param name="Rows">Outputs.</param>
/// <param name="Columns">Inputs; whole blocks.</param>
/// <param name="Format">Of blocks; null for the other types.</param>
/// <param name="IsTransposed">Stored input by input, [Columns, Rows], rather than output by output; not for blocks.</param>
/// <param name="Order">For each stored row the output it is; null: in the order they are stored.</param>
public readonly record struct WeightSource(nint Address, DType Type, int Rows, int Columns, BlockFormat? Format = null, bool IsTransposed = false, int[]? Order = null)
{
    public long Bytes => Format is { } blocks ? (long)Rows * (Columns / blocks.Values) * blocks.Bytes : (long)Rows * Columns * Type.Size();
}
