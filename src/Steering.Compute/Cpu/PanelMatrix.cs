using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>
/// A weight matrix in panels of 32 outputs: per panel and pair of inputs (k, k + 1) the 32 outputs lie together, so that outputs are lanes, one linear stream feeds
/// any number of rows, and no horizontal sum is ever needed. 16-bit types interleave the pair ([32][2]), f32 keeps it apart ([2][32]). Outputs are padded to 32, inputs to
/// 2, with zeros.
/// </summary>
internal sealed unsafe class PanelMatrix : WeightMatrix
{
    public const int Width = 32;
    private readonly DeviceBuffer _buffer;

    private PanelMatrix(int outputs, int inputs, DType type)
    {
        Outputs = outputs;
        Inputs = inputs;
        Type = type;
        Pairs = (inputs + 1) / 2;
        Panels = (outputs + Width - 1) / Width;
        PanelBytes = (long)Pairs * 2 * Width * type.Size();
        _buffer = new DeviceBuffer(Panels * PanelBytes);
    }

    public override int Outputs { get; }
    public override int Inputs { get; }
    public override DType Type { get; }
    public override long Bytes => _buffer.Bytes;
    public int Pairs { get; }
    public int Panels { get; }
    public long PanelBytes { get; }

    public byte* Panel(int panel) => (byte*)_buffer.Address + panel * PanelBytes;

    public static PanelMatrix Pack(ReadOnlySpan<WeightSource> sources, ComputePool pool)
    {
        int rows = 0;
        foreach (var source in sources)
        {
            if (source.Type != sources[0].Type || source.Columns != sources[0].Columns)
                throw new ArgumentException("Weights stacked into one matrix must have the same type and number of columns.", nameof(sources));
            rows = checked(rows + source.Rows);
        }
        var matrix = new PanelMatrix(rows, sources[0].Columns, sources[0].Type);
        int first = 0;
        foreach (var source in sources)
        {
            if (source.Order is { } given && given.Length != source.Rows) throw new ArgumentException($"An order of {given.Length} rows for {source.Rows}.", nameof(sources));
            fixed (int* order = source.Order)
            {
                var job = new PackJob(source, order, matrix.Panel(0), matrix.PanelBytes, first);
                pool.Run(job, source.Rows, itemsPerThread: 64);
            }
            first += source.Rows;
        }
        return matrix;
    }

    /// <summary>Widens one output of a panel into destination [inputs].</summary>
    public static void ReadRow(byte* panel, int lane, DType type, int inputs, float* destination)
    {
        for (int k = 0; k < inputs; k++)
        {
            destination[k] = type switch
            {
                DType.F32 => ((float*)panel)[k * Width + lane],
                DType.Bf16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)panel)[(k / 2 * Width + lane) * 2 + k % 2] << 16),
                _ => (float)((Half*)panel)[(k / 2 * Width + lane) * 2 + k % 2],
            };
        }
    }

    public override void Dispose() => _buffer.Dispose();

    private readonly struct PackJob(WeightSource from, int* order, byte* destination, long panelBytes, int firstOutput) : IJob
    {
        private readonly byte* _source = (byte*)from.Address;
        private readonly int _inputs = from.Columns, _size = from.Type.Size();
        // Bytes between a stored row's first values, and between neighbours in a row.
        private readonly long _rowBytes = (from.IsTransposed ? 1L : from.Columns) * from.Type.Size(), _stepBytes = (from.IsTransposed ? from.Rows : 1L) * from.Type.Size();

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int first, int last)
        {
            for (int row = first; row < last; row++)
            {
                int output = firstOutput + (order == null ? row : order[row]), lane = output % Width;
                byte* panel = destination + output / Width * panelBytes, value = _source + row * _rowBytes;
                if (_size == 4)
                {
                    for (int k = 0; k < _inputs; k++, value += _stepBytes) Unsafe.WriteUnaligned(panel + (k * Width + lane) * 4, Unsafe.ReadUnaligned<uint>(value));
                }
                else
                {
                    for (int k = 0; k < _inputs; k++, value += _stepBytes)
                        Unsafe.WriteUnaligned(panel + ((k / 2 * Width + lane) * 2 + k % 2) * 2, Unsafe.ReadUnaligned<ushort>(value));
                }
            }
        }
    }
}
