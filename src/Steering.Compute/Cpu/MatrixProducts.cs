using Steering.Compute.Cpu.Gradients;
using Steering.Compute.Cpu.MachineCode;

namespace Steering.Compute.Cpu;

/// <summary>
/// Multiplies rows by matrices of every type: rounds or quantises the rows where the numerics want it, then runs tiles of machine code where there are any, else managed kernels. Which it is depends on
/// the type and on what was chosen at creation, never on the number of rows.
/// </summary>
internal sealed unsafe class MatrixProducts<TLanes>(ComputePool pool, Numerics numerics, ProductCode code) : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    // Below these sizes handing work to another thread costs more than the work.
    private const int PanelBytesPerThread = 16384, RowValuesPerThread = 8192;

    // What multiplies bf16 weights by rounded rows; null where rows stay f32.
    private readonly TileKernel? _rounded = numerics == Numerics.Exact ? null : code == ProductCode.Amx ? MatrixKernels.Amx : code == ProductCode.Avx512 && Bf16Probe.IsFaster ? MatrixKernels.Bf16 : null;
    private readonly Dictionary<GroupLayout, TileKernel> _quantised = [];
    private DeviceBuffer _rows = new(0);

    /// <summary>What multiplies weights of a type, for the log and capabilities.</summary>
    public string NameOf(DType type) => type switch
    {
        DType.Bf16 when _rounded is { } kernel => kernel.Format is AmxTiles ? "amx-bf16" : "avx512-bf16",
        DType.Int8 or DType.Int4 => $"{(code != ProductCode.Managed && ProcessorFeatures.Avx512Vnni ? "avx512-vnni" : "integer")}, {(Digits == 1 ? "8" : "24")}-bit rows",
        _ => "f32 fma",
    };

    private int Digits => numerics == Numerics.Fast ? 1 : 3;

    /// <summary>output = input W^T + bias, or += that.</summary>
    public void Run(TensorView output, LinearInput input, PanelMatrix matrix, float* bias, bool adds)
    {
        input = Converted(input, matrix);
        int panelsPerThread = PanelsPerThread(matrix, output.Rows);
        if (KernelOf(matrix) is { } kernel) pool.Run(new TileJob(Product(input, matrix, kernel), output, bias, adds), matrix.Panels, panelsPerThread);
        else if (matrix.Type.IsQuantised())
            pool.Run(new QuantisedJob<TLanes>(output, (byte*)input.Converted, input.ConvertedStride, matrix.Panel(0), matrix.PanelBytes, matrix.GroupCount, matrix.Groups, Layout(matrix), bias, adds), matrix.Panels, panelsPerThread);
        else if (matrix.Type == DType.F32) Managed<F32Panel>(output, input.Rows, matrix, bias, adds);
        else if (matrix.Type == DType.Bf16) Managed<Bf16Panel>(output, input.Rows, matrix, bias, adds);
        else Managed<F16Panel>(output, input.Rows, matrix, bias, adds);
    }

    /// <summary>output = activation(first half of input W^T + bias) * second half, if that can be done in one pass.</summary>
    public bool TryRunGated<TActivation>(TensorView output, LinearInput input, PanelMatrix matrix, float* bias) where TActivation : unmanaged, IActivationFunction
    {
        if (output.Columns % PanelMatrix.Width != 0 || KernelOf(matrix) is not { } kernel) return false;
        var product = Product(Converted(input, matrix), matrix, kernel);
        pool.Run(new GatedTileJob<TLanes, TActivation>(product, output, bias), matrix.Panels / 2, PanelsPerThread(matrix, 2 * output.Rows));
        return true;
    }

    /// <summary>target = gradient W, in f32 whatever the numerics.</summary>
    public void RunGradient(TensorView target, TensorView gradient, PanelMatrix matrix)
    {
        bool usesMachineCode = code != ProductCode.Managed, keepsPairs = usesMachineCode && matrix.Type == DType.Bf16 && PairTranspose.IsSupported;
        var product = usesMachineCode ? new TileProduct(gradient.Address, (long)gradient.Stride * sizeof(float), gradient.Rows, null, 0, (keepsPairs ? MatrixKernels.WidenedBf16 : MatrixKernels.Single)!, gradient.Columns) : default;
        long bytes = Math.Min(matrix.Panels, LinearGradientJob<TLanes>.PanelsOfPart) * (long)(PanelMatrix.Width * PanelMatrix.Width * sizeof(float));
        pool.Run(new LinearGradientJob<TLanes>(target, gradient, new PanelReader(matrix), product, usesMachineCode, keepsPairs, Scratch(bytes)), (matrix.Inputs + PanelMatrix.Width - 1) / PanelMatrix.Width);
    }

    /// <summary>So many bytes for each thread, valid until the next product.</summary>
    public GradientScratch Scratch(long bytesPerThread)
    {
        byte* room = Room(GradientScratch.HeaderBytes + pool.Threads * bytesPerThread);
        *(int*)room = 0;
        return new GradientScratch((nint)room, bytesPerThread);
    }

    /// <summary>Runs a job that computes rows, and turns each into what the matrix it is for is multiplied by.</summary>
    public LinearInput RunAndConvert<TJob>(TJob job, TensorView rows, PanelMatrix? consumer, int rowsPerThread) where TJob : unmanaged, IJob
    {
        if (consumer is null || ConversionFor(rows, consumer) is not { } conversion)
        {
            pool.Run(job, rows.Rows, rowsPerThread);
            return rows;
        }
        pool.Run(new RowChain<TJob>(job, conversion.Job), rows.Rows, Math.Min(rowsPerThread, conversion.RowsPerThread));
        return conversion.Result;
    }

    private LinearInput Converted(LinearInput input, PanelMatrix matrix)
    {
        if (input.Converted != 0 || ConversionFor(input.Rows, matrix) is not { } conversion) return input;
        pool.Run(conversion.Job, input.Rows.Rows, conversion.RowsPerThread);
        return conversion.Result;
    }

    /// <summary>How rows become what a matrix is multiplied by; null where that is f32.</summary>
    private Conversion? ConversionFor(TensorView rows, PanelMatrix matrix)
    {
        if (matrix.Type.IsQuantised())
        {
            var digits = Layout(matrix);
            long stride = Stride((long)matrix.GroupCount * digits.Bytes);
            byte* converted = Room(rows.Rows * stride);
            return new Conversion(new RowConversion(new QuantiseRowsJob(rows, converted, stride, digits, matrix.Groups.ZeroPoint)), new LinearInput(rows, (nint)converted, stride), RowsPerThread(8 * rows.Columns));
        }
        if (matrix.Type == DType.Bf16 && _rounded is not null)
        {
            int granule = _rounded.Format.RowGranule;
            long stride = Stride((rows.Columns + 1) / 2 * 4L);
            byte* converted = Room((rows.Rows + granule - 1) / granule * granule * stride);
            return new Conversion(new RowConversion(new RoundRowsJob(rows, converted, stride)), new LinearInput(rows, (nint)converted, stride), RowsPerThread(rows.Columns));
        }
        return null;
    }

    private readonly record struct Conversion(RowConversion Job, LinearInput Result, int RowsPerThread);

    /// <summary>The machine code for a matrix; null where managed kernels multiply it.</summary>
    private TileKernel? KernelOf(PanelMatrix matrix)
    {
        if (code == ProductCode.Managed) return null;
        switch (matrix.Type)
        {
            case DType.F32: return MatrixKernels.Single;
            case DType.F16: return MatrixKernels.Half;
            case DType.Bf16: return _rounded ?? MatrixKernels.WidenedBf16;
            case var _ when !ProcessorFeatures.Avx512Vnni: return null;
        }
        if (!_quantised.TryGetValue(matrix.Groups, out var quantised)) _quantised[matrix.Groups] = quantised = TileKernel.Of(new QuantisedTiles(matrix.Groups, Layout(matrix)))!;
        return quantised;
    }

    private static TileProduct Product(LinearInput input, PanelMatrix matrix, TileKernel kernel)
    {
        var (rows, stride) = input.Converted == 0 ? (input.Rows.Address, (long)input.Rows.Stride * sizeof(float)) : (input.Converted, input.ConvertedStride);
        return new TileProduct(rows, stride, input.Rows.Rows, matrix.Panel(0), matrix.PanelBytes, kernel, kernel.Format.Steps(matrix));
    }

    private DigitLayout Layout(PanelMatrix matrix) => new(matrix.Groups.Length, Digits);

    private void Managed<TPanel>(TensorView output, TensorView input, PanelMatrix matrix, float* bias, bool adds) where TPanel : unmanaged, IPanelFormat =>
        pool.Run(new LinearJob<TLanes, TPanel>(output, input, matrix.Panel(0), matrix.PanelBytes, (matrix.Inputs + 1) / 2, bias, adds), matrix.Panels, PanelsPerThread(matrix, input.Rows));

    private static int PanelsPerThread(PanelMatrix matrix, int rows) => (int)Math.Max(1, PanelBytesPerThread / (matrix.PanelBytes * rows));

    private static int RowsPerThread(int values) => Math.Max(1, RowValuesPerThread / values);

    /// <summary>An odd number of cache lines, so that the rows of a tile do not meet in one set of the first-level cache.</summary>
    private static long Stride(long bytes) => (bytes + 63) / 64 * 64 | 64;

    /// <summary>Room for converted rows, kept from call to call.</summary>
    private byte* Room(long bytes)
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
