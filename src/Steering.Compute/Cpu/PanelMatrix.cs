using Steering.Compute.Cpu.MachineCode;

namespace Steering.Compute.Cpu;

/// <summary>
/// A weight matrix in panels of 32 outputs: per panel and input the 32 outputs lie together, so that outputs are lanes, one linear stream feeds any number of rows, and no horizontal sum is ever needed.
/// f32 and f16 lie input by input ([inputs][32]), bf16 in pairs of inputs ([inputs / 2][32][2], what AVX512-BF16 and AMX multiply), quantised weights in groups (<see cref="GroupLayout"/>). Outputs are
/// padded to 32, inputs of bf16 to 32 and quantised ones to groups, with zeros.
/// </summary>
internal sealed unsafe class PanelMatrix : WeightMatrix
{
    public const int Width = 32;
    private readonly WeightMemory.Part _memory;

    private PanelMatrix(int outputs, int inputs, DType type, GroupLayout groups, WeightMemory memory)
    {
        (Outputs, Inputs, Type, Groups) = (outputs, inputs, type, groups);
        GroupCount = type.IsQuantised() ? (inputs + groups.Length - 1) / groups.Length : 0;
        PanelBytes = type switch
        {
            DType.Int8 or DType.Int4 => (long)GroupCount * groups.Bytes,
            DType.Bf16 => (inputs + AmxTiles.StepInputs - 1L) / AmxTiles.StepInputs * AmxTiles.StepInputs * Width * sizeof(ushort),
            _ => (inputs + 1L) / 2 * 2 * Width * type.Size(),
        };
        Panels = (outputs + Width - 1) / Width;
        _memory = memory.Take(Panels * PanelBytes);
    }

    public override int Outputs { get; }
    public override int Inputs { get; }
    public override DType Type { get; }
    public override long Bytes => _memory.Bytes;

    /// <summary>Of quantised weights.</summary>
    public GroupLayout Groups { get; }

    /// <summary>Groups of inputs; 0 where weights are not quantised.</summary>
    public int GroupCount { get; }
    public long PanelBytes { get; }
    public int Panels { get; }

    public byte* Panel(int panel) => (byte*)_memory.Address + panel * PanelBytes;

    /// <summary>Sources of one type stay in it and blocks stay quantised, unless <paramref name="keepAs"/> says otherwise; a mixture is widened to f32.</summary>
    public static PanelMatrix Pack(ReadOnlySpan<WeightSource> sources, WeightStorage keepAs, WeightMemory memory, ComputePool pool)
    {
        int rows = 0;
        bool isOneType = true, areBlocks = true;
        foreach (var source in sources)
        {
            if (source.Columns != sources[0].Columns) throw new ArgumentException("Weights stacked into one matrix must have the same number of columns.", nameof(sources));
            if (source.Order is { } order && order.Length != source.Rows) throw new ArgumentException($"An order of {order.Length} rows for {source.Rows}.", nameof(sources));
            rows = checked(rows + source.Rows);
            isOneType &= source.Type == sources[0].Type;
            areBlocks &= source.Format is not null;
        }
        var (type, groups) = keepAs switch
        {
            WeightStorage.F32 => (DType.F32, default),
            WeightStorage.Bf16 => (DType.Bf16, default),
            _ when areBlocks && GroupLayout.Of(sources) is var layout => (layout.IsNibble ? DType.Int4 : DType.Int8, layout),
            WeightStorage.Q8 => (DType.Int8, GroupLayout.EightBits),
            _ => (isOneType ? sources[0].Type : DType.F32, default),
        };
        var matrix = new PanelMatrix(rows, sources[0].Columns, type, groups, memory);
        int first = 0;
        foreach (var source in sources)
        {
            fixed (int* order = source.Order)
            {
                if (type.IsQuantised() && areBlocks) pool.Run(new PackBlocksJob(source, order, matrix, first), source.Rows, itemsPerThread: 64);
                else if (type == source.Type) pool.Run(new PackJob(source, order, matrix, first), source.Rows, itemsPerThread: 64);
                else pool.Run(new PackConvertedJob(source, order, matrix, first), source.Rows, itemsPerThread: 64);
            }
            first += source.Rows;
        }
        return matrix;
    }

    /// <summary>Widens one output of a panel into destination [inputs].</summary>
    public static void ReadRow(byte* panel, int lane, DType type, GroupLayout groups, Span<float> destination)
    {
        if (type.IsQuantised())
        {
            for (; destination.Length > 0; panel += groups.Bytes)
            {
                int length = Math.Min(groups.Length, destination.Length);
                groups.Read(panel, lane, destination[..length]);
                destination = destination[length..];
            }
            return;
        }
        for (int k = 0; k < destination.Length; k++)
        {
            destination[k] = type switch
            {
                DType.F32 => ((float*)panel)[k * Width + lane],
                DType.Bf16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)panel)[(k / 2 * Width + lane) * 2 + k % 2] << 16),
                _ => (float)((Half*)panel)[k * Width + lane],
            };
        }
    }

    public override void Dispose() => _memory.Dispose();
}
