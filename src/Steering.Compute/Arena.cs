namespace Steering.Compute;

/// <summary>Memory for a set of matrices that live and die together, sized once and never grown: the step allocates nothing.</summary>
public sealed class Arena : IDisposable
{
    private readonly List<DeviceBuffer> _buffers = [];

    /// <summary>A zeroed matrix [rows, columns].</summary>
    public TensorView Matrix(int rows, int columns)
    {
        int stride = TensorView.Padded(columns);
        // Rows an even number of cache lines apart share few sets of the first-level cache: the rows of a tile would push each other out.
        if (rows > 1 && stride % (2 * TensorView.RowPadding) == 0) stride += TensorView.RowPadding;
        var buffer = new DeviceBuffer((long)rows * stride * sizeof(float));
        _buffers.Add(buffer);
        return new TensorView(buffer.Address, rows, columns, stride);
    }

    public long Bytes => _buffers.Sum(b => b.Bytes);

    public void Dispose()
    {
        foreach (var buffer in _buffers) buffer.Dispose();
        _buffers.Clear();
    }
}
