using System.Runtime.CompilerServices;
using Steering.Compute.Quantised;

namespace Steering.Compute.Cpu;

/// <summary>Where a source's rows go in a matrix of panels. Jobs are unmanaged, so it holds no references.</summary>
internal readonly unsafe struct PackTarget(int* order, PanelMatrix matrix, int firstOutput)
{
    private readonly byte* _panels = matrix.Panel(0);
    private readonly long _panelBytes = matrix.PanelBytes;

    /// <summary>The panel and lane of a stored row.</summary>
    public byte* Panel(int row, out int lane)
    {
        int output = firstOutput + (order == null ? row : order[row]);
        lane = output % PanelMatrix.Width;
        return _panels + output / PanelMatrix.Width * _panelBytes;
    }
}

/// <summary>Values of 16 or 32 bits into panels of the same type.</summary>
internal readonly unsafe struct PackJob(WeightSource source, int* order, PanelMatrix matrix, int firstOutput) : IJob
{
    private readonly PackTarget _target = new(order, matrix, firstOutput);
    private readonly byte* _source = (byte*)source.Address;
    private readonly int _inputs = source.Columns;
    private readonly DType _type = source.Type;

    // Bytes between a stored row's first values, and between neighbours in a row.
    private readonly long _rowBytes = (source.IsTransposed ? 1L : source.Columns) * source.Type.Size(), _stepBytes = (source.IsTransposed ? source.Rows : 1L) * source.Type.Size();

    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        const int width = PanelMatrix.Width;
        for (int row = first; row < last; row++)
        {
            byte* panel = _target.Panel(row, out int lane), value = _source + row * _rowBytes;
            switch (_type)
            {
                case DType.F32:
                    for (int k = 0; k < _inputs; k++, value += _stepBytes) Unsafe.WriteUnaligned(panel + (k * width + lane) * 4, Unsafe.ReadUnaligned<uint>(value));
                    break;
                case DType.F16:
                    for (int k = 0; k < _inputs; k++, value += _stepBytes) Unsafe.WriteUnaligned(panel + (k * width + lane) * 2, Unsafe.ReadUnaligned<ushort>(value));
                    break;
                default:
                    for (int k = 0; k < _inputs; k++, value += _stepBytes) Unsafe.WriteUnaligned(panel + ((k / 2 * width + lane) * 2 + k % 2) * 2, Unsafe.ReadUnaligned<ushort>(value));
                    break;
            }
        }
    }
}

/// <summary>Values of any type into f32, bf16 or 8-bit panels.</summary>
internal readonly unsafe struct PackConvertedJob(WeightSource source, int* order, PanelMatrix matrix, int firstOutput) : IJob
{
    private readonly PackTarget _target = new(order, matrix, firstOutput);
    private readonly byte* _source = (byte*)source.Address;
    private readonly int _rows = source.Rows, _inputs = source.Columns, _format = source.Format is { } format ? BlockFormat.All.IndexOf(format) : -1;
    private readonly DType _type = source.Type, _targetType = matrix.Type;
    private readonly GroupLayout _groups = matrix.Groups;
    private readonly bool _isTransposed = source.IsTransposed;

    public void Run(int first, int last)
    {
        float[] values = new float[_inputs];
        Span<sbyte> integers = stackalloc sbyte[32];
        for (int row = first; row < last; row++)
        {
            byte* panel = _target.Panel(row, out int lane);
            Widen(row, values);
            if (_targetType == DType.F32)
            {
                for (int k = 0; k < _inputs; k++) ((float*)panel)[k * PanelMatrix.Width + lane] = values[k];
            }
            else if (_targetType == DType.Bf16)
            {
                for (int k = 0; k < _inputs; k++) ((ushort*)panel)[(k / 2 * PanelMatrix.Width + lane) * 2 + k % 2] = RowFormats.ToBf16(values[k]);
            }
            else
            {
                for (int k = 0; k < _inputs; k += _groups.Length, panel += _groups.Bytes)
                {
                    var group = values.AsSpan(k, Math.Min(_groups.Length, _inputs - k));
                    _groups.Write(panel, lane, integers[..group.Length], Q8.Quantise(group, integers), 0);
                }
            }
        }
    }

    private void Widen(int row, float[] values)
    {
        if (_format < 0)
        {
            for (int k = 0; k < _inputs; k++) values[k] = Value(_isTransposed ? (long)k * _rows + row : (long)row * _inputs + k);
            return;
        }
        var format = BlockFormat.All[_format];
        int bytes = _inputs / format.Values * format.Bytes;
        format.Widen(new ReadOnlySpan<byte>(_source + (long)row * bytes, bytes), values);
    }

    private float Value(long at) => _type switch
    {
        DType.F32 => Unsafe.ReadUnaligned<float>(_source + 4 * at),
        DType.Bf16 => BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(_source + 2 * at) << 16),
        _ => (float)Unsafe.ReadUnaligned<Half>(_source + 2 * at),
    };
}

/// <summary>Blocks into panels of groups: their integers, and their scales and offsets once for every group of the panel, which may be shorter than theirs.</summary>
internal readonly unsafe struct PackBlocksJob(WeightSource source, int* order, PanelMatrix matrix, int firstOutput) : IJob
{
    private readonly PackTarget _target = new(order, matrix, firstOutput);
    private readonly byte* _source = (byte*)source.Address;
    private readonly int _inputs = source.Columns, _format = BlockFormat.All.IndexOf(source.Format!);
    private readonly GroupLayout _groups = matrix.Groups;

    public void Run(int first, int last)
    {
        var format = BlockFormat.All[_format];
        Span<sbyte> integers = stackalloc sbyte[format.Values];
        Span<float> scales = stackalloc float[format.Values / format.GroupLength], offsets = stackalloc float[format.Values / format.GroupLength];
        offsets.Clear();
        byte* block = _source + (long)first * (_inputs / format.Values) * format.Bytes;
        for (int row = first; row < last; row++)
        {
            byte* group = _target.Panel(row, out int lane);
            for (int b = 0; b < _inputs / format.Values; b++, block += format.Bytes)
            {
                format.Unpack(new ReadOnlySpan<byte>(block, format.Bytes), integers, scales, offsets);
                for (int i = 0; i < format.Values; i += _groups.Length, group += _groups.Bytes)
                    _groups.Write(group, lane, integers.Slice(i, _groups.Length), scales[i / format.GroupLength], offsets[i / format.GroupLength]);
            }
        }
    }
}
