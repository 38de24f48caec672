namespace Steering.Compute.Cpu.MachineCode;

/// <summary>Whether our machine code computes what it should on this processor, before anything depends on it: a tile against the chains of multiply-adds that it stands for, bit for bit.</summary>
internal static unsafe class TileSelfTest
{
    private const int Rows = 5, Pairs = 33, Width = PanelMatrix.Width;

    /// <summary>Tests once per process, in microseconds.</summary>
    public static bool Passes { get; } = MatrixKernels.WidenedBf16 is { } kernel && Run(kernel);

    private static bool Run(TileKernel kernel)
    {
        const long stride = 2 * Pairs * sizeof(float);
        using var weights = new DeviceBuffer(Pairs * 2 * Width * sizeof(ushort));
        using var inputs = new DeviceBuffer(Rows * stride);
        using var outputs = new DeviceBuffer(Rows * Width * sizeof(float));
        var w = weights.Span<ushort>();
        Span<float> x = inputs.Span<float>(), y = outputs.Span<float>();
        for (int i = 0; i < w.Length; i++) w[i] = (ushort)(0x3F80 + i * 37 % 128 + (i % 3 == 1 ? 0x8000 : 0));
        for (int i = 0; i < x.Length; i++) x[i] = (i * 53 % 97 - 48) / 7f;
        var arguments = new TileArguments(weights.Address, 0, inputs.Address, stride, outputs.Address, Width * sizeof(float), Pairs);
        ((delegate* unmanaged<TileArguments*, void>)kernel.Entries[TileKernel.Variants * (Rows - 1) + (int)TileVariant.Single])(&arguments);
        for (int row = 0; row < Rows; row++)
        {
            for (int output = 0; output < Width; output++)
            {
                float sum = 0;
                for (int k = 0; k < 2 * Pairs; k++) sum = MathF.FusedMultiplyAdd(x[row * 2 * Pairs + k], BitConverter.UInt32BitsToSingle((uint)w[(k / 2 * Width + output) * 2 + k % 2] << 16), sum);
                if (BitConverter.SingleToInt32Bits(sum) != BitConverter.SingleToInt32Bits(y[row * Width + output])) return false;
            }
        }
        return true;
    }
}
