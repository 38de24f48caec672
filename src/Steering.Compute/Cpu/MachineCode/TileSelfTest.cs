namespace Steering.Compute.Cpu.MachineCode;

/// <summary>Whether our machine code computes what it should on this processor, before anything depends on it: a tile against the sums that it stands for, bit for bit.</summary>
internal static unsafe class TileSelfTest
{
    private const int Rows = 5, Inputs = 2 * AmxTiles.StepInputs, Width = PanelMatrix.Width, Stride = Inputs * sizeof(float);

    /// <summary>Tests once per process, in microseconds.</summary>
    public static bool Passes { get; } = MatrixKernels.WidenedBf16 is { } kernel && Run(kernel, (i => (i * 53 % 97 - 48) / 7f), (x, at, value) => ((float*)x)[at] = value, Inputs / 2);

    /// <summary>The same for AMX. It does not say in which order it adds, so these sums are of small integers, which come out the same in every order.</summary>
    public static bool PassesAmx { get; } = TileRegisters.AreThere && MatrixKernels.Amx is { } kernel && Run(kernel, i => i * 53 % 97 - 48, (x, at, value) => ((ushort*)x)[at] = RowFormats.ToBf16(value), Inputs / AmxTiles.StepInputs);

    private delegate void Write(nint row, int at, float value);

    private static bool Run(TileKernel kernel, Func<int, float> input, Write write, int steps)
    {
        using var weights = new DeviceBuffer(Inputs * Width * sizeof(ushort));
        using var inputs = new DeviceBuffer(TileFormat.RowLimit * Stride);
        using var outputs = new DeviceBuffer(Rows * Width * sizeof(float));
        var w = weights.Span<ushort>();
        for (int i = 0; i < w.Length; i++) w[i] = RowFormats.ToBf16((i % 3 == 1 ? -1 : 1) * (i * 37 % 128));
        for (int i = 0; i < Rows * Inputs; i++) write(inputs.Address + i / Inputs * Stride, i % Inputs, input(i));
        var product = new TileProduct(inputs.Address, Stride, Rows, (byte*)weights.Address, weights.Bytes, kernel, steps);
        product.Begin();
        product.Run(0, 0, TileVariant.Single, (float*)outputs.Address, Width * sizeof(float));
        product.End();
        for (int row = 0; row < Rows; row++)
        {
            for (int output = 0; output < Width; output++)
            {
                float sum = 0;
                for (int k = 0; k < Inputs; k++) sum = MathF.FusedMultiplyAdd(input(row * Inputs + k), BitConverter.UInt32BitsToSingle((uint)w[(k / 2 * Width + output) * 2 + k % 2] << 16), sum);
                if (BitConverter.SingleToInt32Bits(sum) != BitConverter.SingleToInt32Bits(outputs.Span<float>()[row * Width + output])) return false;
            }
        }
        return true;
    }
}
