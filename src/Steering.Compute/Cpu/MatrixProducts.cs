using Steering.Compute.Cpu.MachineCode;

namespace Steering.Compute.Cpu;

/// <summary>
/// Multiplies rows by matrices of every type: rounds or quantises the rows where the numerics want it, then runs tiles of machine code where there are any, else managed kernels. Which it is depends on
/// the type and on what was chosen at creation, never on the number of rows.
/// </summary>
internal sealed unsafe class MatrixProducts<TLanes>(ComputePool pool, Numerics numerics, bool usesMachineCode) : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    // Below these sizes handing work to another thread costs more than the work.
    private const int PanelBytesPerThread = 16384, RowValuesPerThread = 8192;

    private readonly bool _roundsRows = numerics == Numerics.Fast && usesMachineCode && Bf16Probe.IsFaster;
    private DeviceBuffer _rows = new(0);

    /// <summary>What multiplies weights of a type, for the log and capabilities.</summary>
    public string NameOf(DType type) => type switch
    {
        DType.Bf16 when _roundsRows => "avx512-bf16",
        DType.Int8 or DType.Int4 => $"{(usesMachineCode && ProcessorFeatures.Avx512Vnni ? "avx512-vnni" : "integer")}, {(Digits == 1 ? "8" : "24")}-bit rows",
        _ => "f32 fma",
    };

    private int Digits => numerics == Numerics.Fast ? 1 : 3;

    public void Run(TensorView output, TensorView input, PanelMatrix matrix, float* bias)
    {
        if (matrix.Type.IsQuantised()) Quantised(output, input, matrix, bias);
        else if (matrix.Type == DType.Bf16 && _roundsRows) Rounded(output, input, matrix, bias);
        else if (usesMachineCode) Tiles(TileKernel.Of(FormatOf(matrix.Type))!, output, input.Address, (long)input.Stride * sizeof(float), matrix, matrix.Type == DType.Bf16 ? (matrix.Inputs + 1) / 2 : matrix.Inputs, bias);
        else if (matrix.Type == DType.F32) Managed<F32Panel>(output, input, matrix, bias);
        else if (matrix.Type == DType.Bf16) Managed<Bf16Panel>(output, input, matrix, bias);
        else Managed<F16Panel>(output, input, matrix, bias);
    }

    private static TileFormat FormatOf(DType type) => type switch { DType.F32 => new SingleTiles(false), DType.F16 => new SingleTiles(true), _ => new WidenedBf16Tiles() };

    private void Rounded(TensorView output, TensorView input, PanelMatrix matrix, float* bias)
    {
        int pairs = (matrix.Inputs + 1) / 2;
        long stride = Stride(4L * pairs);
        byte* rows = Rows(input.Rows * stride);
        pool.Run(new RoundRowsJob(input, rows, stride), input.Rows, RowsPerThread(input.Columns));
        Tiles(TileKernel.Of(new Bf16Tiles())!, output, (nint)rows, stride, matrix, pairs, bias);
    }

    private void Quantised(TensorView output, TensorView input, PanelMatrix matrix, float* bias)
    {
        var digits = new DigitLayout(matrix.Groups.Length, Digits);
        long stride = Stride((long)matrix.GroupCount * digits.Bytes);
        byte* rows = Rows(input.Rows * stride);
        pool.Run(new QuantiseRowsJob(input, rows, stride, digits, matrix.Groups.ZeroPoint), input.Rows, RowsPerThread(8 * input.Columns));
        if (usesMachineCode && ProcessorFeatures.Avx512Vnni)
            Tiles(TileKernel.Of(new QuantisedTiles(matrix.Groups, digits))!, output, (nint)rows, stride, matrix, matrix.GroupCount, bias);
        else
            pool.Run(new QuantisedJob<TLanes>(output, rows, stride, matrix.Panel(0), matrix.PanelBytes, matrix.GroupCount, matrix.Groups, digits, bias), matrix.Panels, PanelsPerThread(matrix, input.Rows));
    }

    private void Tiles(TileKernel kernel, TensorView output, nint rows, long rowStride, PanelMatrix matrix, long steps, float* bias)
    {
        int most = kernel.Format.MostRows, panelsAtOnce = output.Rows <= most ? kernel.Format.PanelsFor(output.Rows) : 1;
        pool.Run(new TileJob(output, rows, rowStride, matrix.Panel(0), matrix.PanelBytes, kernel.Entries, most, panelsAtOnce, steps, bias), matrix.Panels, PanelsPerThread(matrix, output.Rows));
    }

    private void Managed<TPanel>(TensorView output, TensorView input, PanelMatrix matrix, float* bias) where TPanel : unmanaged, IPanelFormat =>
        pool.Run(new LinearJob<TLanes, TPanel>(output, input, matrix.Panel(0), matrix.PanelBytes, (matrix.Inputs + 1) / 2, bias), matrix.Panels, PanelsPerThread(matrix, input.Rows));

    private static int PanelsPerThread(PanelMatrix matrix, int rows) => (int)Math.Max(1, PanelBytesPerThread / (matrix.PanelBytes * rows));

    private static int RowsPerThread(int values) => Math.Max(1, RowValuesPerThread / values);

    /// <summary>An odd number of cache lines, so that the rows of a tile do not meet in one set of the first-level cache.</summary>
    private static long Stride(long bytes) => (bytes + 63) / 64 * 64 | 64;

    /// <summary>Room for converted rows, kept from call to call.</summary>
    private byte* Rows(long bytes)
    {
        if (_rows.Bytes < bytes)
        {
            _rows.Dispose();
            _rows = new DeviceBuffer(bytes);
        }
        return (byte*)_rows.Address;
    }

    public void Dispose() => _rows.Dispose();
}
