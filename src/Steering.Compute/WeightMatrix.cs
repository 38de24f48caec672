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

/// <summary>Rows of a weight as they lie in a file: row-major, no padding. Several sources stacked make one matrix (query, key and value, say).</summary>
/// <param name="Address">First byte.</param>
public readonly record struct WeightSource(nint Address, DType Type, int Rows, int Columns)
{
    public long Bytes => (long)Rows * Columns * Type.Size();
}
