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
    private readonly Dictionary<GroupLayout, TileKernel> _quantised = [];
    private DeviceBuffer _rows = new(0);

    /// <summary>What multiplies weights of a type, for the log and capabilities.</summary>
    public string NameOf(DType type) => type switch
    {
        DType.Bf16 when _roundsRows => "avx512-bf16",
        DType.Int8 or DType.Int4 => $"{(usesMachineCode && ProcessorFeatures.Avx512Vnni ? "avx512-vnni" : "integer")}, {(Digits == 1 ? "8" : "24")}-bit rows",
        _ => "f32 fma",
    };

    private int Digits => numerics == Numerics.Fast ? 1 : 3;

    /// <summary>output = input W^T + bias.</summary>
    public void Run(TensorView output, TensorView input, PanelMatrix matrix, float* bias)
    {
        if (Tiles(input, matrix) is { } product) pool.Run(new TileJob(product, output, bias), matrix.Panels, PanelsPerThread(matrix, input.Rows));
        else if (matrix.Type.IsQuantised()) Quantised(output, input, matrix, bias);
        else if (matrix.Type == DType.F32) Managed<F32Panel>(output, input, matrix, bias);
        else if (matrix.Type == DType.Bf16) Managed<Bf16Panel>(output, input, matrix, bias);
        else Managed<F16Panel>(output, input, matrix, bias);
    }

    /// <summary>output = activation(first half of input W^T + bias) * second half, if that can be done in one pass.</summary>
    public bool TryRunGated<TActivation>(TensorView output, TensorView input, PanelMatrix matrix, float* bias) where TActivation : unmanaged, IActivationFunction
    {
        if (output.Columns % PanelMatrix.Width != 0 || Tiles(input, matrix) is not { } product) return false;
        pool.Run(new GatedTileJob<TLanes, TActivation>(product, output, bias, matrix.PanelBytes), matrix.Panels / 2, PanelsPerThread(matrix, 2 * input.Rows));
        return true;
    }

    /// <summary>Rows in the format of the machine code for a matrix; null where managed kernels multiply it.</summary>
    private TileProduct? Tiles(TensorView input, PanelMatrix matrix)
    {
        if (!usesMachineCode || (matrix.Type.IsQuantised() && !ProcessorFeatures.Avx512Vnni)) return null;
        int pairs = (matrix.Inputs + 1) / 2;
        if (matrix.Type.IsQuantised())
        {
            var (rows, stride, digits) = QuantisedRows(input, matrix);
            if (!_quantised.TryGetValue(matrix.Groups, out var quantised)) _quantised[matrix.Groups] = quantised = TileKernel.Of(new QuantisedTiles(matrix.Groups, digits))!;
            return Product(quantised, rows, stride, matrix.GroupCount);
        }
        if (matrix.Type == DType.Bf16 && _roundsRows)
        {
            long stride = Stride(4L * pairs);
            byte* rows = Rows(input.Rows * stride);
            pool.Run(new RoundRowsJob(input, rows, stride), input.Rows, RowsPerThread(input.Columns));
            return Product(MatrixKernels.Bf16!, (nint)rows, stride, pairs);
        }
        var exact = matrix.Type switch { DType.F32 => MatrixKernels.Single, DType.F16 => MatrixKernels.Half, _ => MatrixKernels.WidenedBf16 };
        return Product(exact!, input.Address, (long)input.Stride * sizeof(float), matrix.Type == DType.Bf16 ? pairs : matrix.Inputs);

        TileProduct Product(TileKernel kernel, nint rows, long stride, long steps) =>
            new(rows, stride, input.Rows, matrix.Panel(0), matrix.PanelBytes, kernel.Entries, kernel.Format.MostRows, steps);
    }

    private void Quantised(TensorView output, TensorView input, PanelMatrix matrix, float* bias)
    {
        var (rows, stride, digits) = QuantisedRows(input, matrix);
        pool.Run(new QuantisedJob<TLanes>(output, (byte*)rows, stride, matrix.Panel(0), matrix.PanelBytes, matrix.GroupCount, matrix.Groups, digits, bias), matrix.Panels, PanelsPerThread(matrix, input.Rows));
    }

    private QuantisedInput QuantisedRows(TensorView input, PanelMatrix matrix)
    {
        var digits = new DigitLayout(matrix.Groups.Length, Digits);
        long stride = Stride((long)matrix.GroupCount * digits.Bytes);
        byte* rows = Rows(input.Rows * stride);
        pool.Run(new QuantiseRowsJob(input, rows, stride, digits, matrix.Groups.ZeroPoint), input.Rows, RowsPerThread(8 * input.Columns));
        return new QuantisedInput((nint)rows, stride, digits);
    }

    private readonly record struct QuantisedInput(nint Rows, long Stride, DigitLayout Digits);

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
