using Steering.Compute;
using Steering.Compute.Quantised;

namespace Steering.Tests;

/// <summary>Random blocks, or f32 values where there is no format. Every two bytes are a finite half, wherever a format has its scales.</summary>
internal sealed class Blocks : IDisposable
{
    private readonly DeviceBuffer _buffer;
    private readonly float[] _values;
    private readonly int _columns;

    public Blocks(BlockFormat? format, int rows, int columns, int seed)
    {
        _columns = columns;
        var random = new Random(seed);
        _values = new float[rows * columns];
        _buffer = new DeviceBuffer(format is null ? 4L * _values.Length : (long)_values.Length / format.Values * format.Bytes);
        Source = new WeightSource(_buffer.Address, format is null ? DType.F32 : DType.Int8, rows, columns, format);
        if (format is null)
        {
            foreach (ref float value in _buffer.Span<float>()) value = random.NextSingle();
            _buffer.Span<float>().CopyTo(_values);
            return;
        }
        foreach (ref byte value in _buffer.Span<byte>()) value = (byte)(random.Next(2) * 128 + random.Next(0x48));
        format.Widen(_buffer.Span<byte>(), _values);
    }

    public WeightSource Source { get; }

    public ReadOnlySpan<float> Row(int row) => _values.AsSpan(row * _columns, _columns);

    public void Dispose() => _buffer.Dispose();
}
