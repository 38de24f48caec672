namespace Steering.Compute.Cpu;

/// <summary>Where the values of a panel lie: groups of pairs of inputs, each behind its header (<see cref="IPanelFormat"/>).</summary>
internal readonly record struct PanelLayout(long PanelBytes, int Groups, int GroupPairs);

/// <summary>
/// A weight matrix in panels of 32 outputs: per panel and pair of inputs (k, k + 1) the 32 outputs lie together, so that outputs are lanes, one linear stream feeds
/// any number of rows, and no horizontal sum is ever needed. 16-bit types interleave the pair ([32][2]), f32 and int8 keep it apart ([2][32]); int8 has the scales, and offsets, of its 32 outputs before
/// every 16 or 32 inputs. Outputs are padded to 32, inputs to 2, with zeros.
/// </summary>
internal sealed unsafe class PanelMatrix : WeightMatrix
{
    public const int Width = 32;
    private readonly DeviceBuffer _buffer;

    private PanelMatrix(int outputs, int inputs, DType type, int groupLength, bool hasOffset)
    {
        (Outputs, Inputs, Type, HasOffset) = (outputs, inputs, type, hasOffset);
        int header = type != DType.Int8 ? 0 : hasOffset ? Int8OffsetPanel.HeaderBytes : Int8Panel.HeaderBytes;
        int pairs = type == DType.Int8 ? groupLength / 2 : (inputs + 1) / 2, groups = type == DType.Int8 ? inputs / groupLength : 1;
        Layout = new PanelLayout(groups * (header + (long)pairs * 2 * Width * type.Size()), groups, pairs);
        Panels = (outputs + Width - 1) / Width;
        _buffer = new DeviceBuffer(Panels * Layout.PanelBytes);
    }

    public override int Outputs { get; }
    public override int Inputs { get; }
    public override DType Type { get; }
    public override long Bytes => _buffer.Bytes;

    /// <summary>Whether the groups of an int8 matrix have offsets.</summary>
    public bool HasOffset { get; }
    public PanelLayout Layout { get; }
    public int Panels { get; }

    public byte* Panel(int panel) => (byte*)_buffer.Address + panel * Layout.PanelBytes;

    /// <summary>Sources of one type stay in it, blocks become int8 with the shortest of their groups; a mixture is widened to f32.</summary>
    public static PanelMatrix Pack(ReadOnlySpan<WeightSource> sources, ComputePool pool)
    {
        int rows = 0, groupLength = int.MaxValue;
        bool hasOffset = false;
        var type = sources[0].Type;
        foreach (var source in sources)
        {
            if (source.Columns != sources[0].Columns) throw new ArgumentException("Weights stacked into one matrix must have the same number of columns.", nameof(sources));
            if (source.Order is { } order && order.Length != source.Rows) throw new ArgumentException($"An order of {order.Length} rows for {source.Rows}.", nameof(sources));
            rows = checked(rows + source.Rows);
            if (source.Type != type) type = DType.F32;
            if (source.Format is not { } format) continue;
            groupLength = Math.Min(groupLength, format.GroupLength);
            hasOffset |= format.HasOffset;
        }
        var matrix = new PanelMatrix(rows, sources[0].Columns, type, groupLength, hasOffset);
        int first = 0;
        foreach (var source in sources)
        {
            fixed (int* order = source.Order)
            {
                if (type == DType.Int8) pool.Run(new PackBlocksJob(source, order, matrix, first), source.Rows, itemsPerThread: 64);
                else if (type == source.Type) pool.Run(new PackJob(source, order, matrix, first), source.Rows, itemsPerThread: 64);
                else pool.Run(new PackWidenedJob(source, order, matrix, first), source.Rows, itemsPerThread: 64);
            }
            first += source.Rows;
        }
        return matrix;
    }

    /// <summary>Widens one output of a panel into destination [inputs].</summary>
    public static void ReadRow(byte* panel, int lane, DType type, bool hasOffset, PanelLayout layout, int inputs, float* destination)
    {
        if (type == DType.Int8)
        {
            int header = hasOffset ? Int8OffsetPanel.HeaderBytes : Int8Panel.HeaderBytes;
            for (int group = 0; group < layout.Groups; group++)
            {
                float scale = ((float*)panel)[lane], offset = hasOffset ? ((float*)panel)[Width + lane] : 0;
                sbyte* integers = (sbyte*)panel + header + lane;
                for (int k = 0; k < 2 * layout.GroupPairs; k++) *destination++ = MathF.FusedMultiplyAdd(integers[k * Width], scale, offset);
                panel += header + 2 * layout.GroupPairs * Width;
            }
            return;
        }
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
}
