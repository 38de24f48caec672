namespace Steering.Compute.Cpu;

/// <summary>The managed backend: every operation is a job over rows or panels on the pool, written once over <typeparamref name="TLanes"/>.</summary>
internal sealed unsafe class CpuKernels<TLanes>(string name, ComputePool pool) : IKernels
    where TLanes : unmanaged, ILanes<TLanes>
{
    // Below these sizes handing work to another thread costs more than the work.
    private const int RowValuesPerThread = 8192;
    private const int PanelBytesPerThread = 16384;

    public string Name => name;

    public WeightMatrix CreateWeights(ReadOnlySpan<WeightSource> sources) => PanelMatrix.Pack(sources, pool);

    public void Embed(TensorView output, NativeList<int> ids, WeightMatrix table)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(ids.Count, output.Rows, nameof(ids));
        pool.Run(new EmbedJob(output, (int*)ids.Address, (PanelMatrix)table), output.Rows, RowsPerThread(output.Columns));
    }

    public void RmsNorm(TensorView output, TensorView input, TensorView weight, float epsilon) =>
        pool.Run(new RmsNormJob<TLanes>(output, input, weight.Pointer(0), epsilon), input.Rows, RowsPerThread(input.Columns));

    public void Linear(TensorView output, TensorView input, WeightMatrix weights, TensorView bias)
    {
        var matrix = (PanelMatrix)weights;
        if (input.Columns != matrix.Inputs || output.Columns != matrix.Outputs || input.Rows != output.Rows)
            throw new ArgumentException($"Linear: [{input.Rows}, {input.Columns}] times [{matrix.Outputs}, {matrix.Inputs}] does not give [{output.Rows}, {output.Columns}].");
        switch (matrix.Type)
        {
            case DType.F32: Linear<F32Panel>(output, input, matrix, bias); break;
            case DType.Bf16: Linear<Bf16Panel>(output, input, matrix, bias); break;
            default: Linear<F16Panel>(output, input, matrix, bias); break;
        }
    }

    private void Linear<TPanel>(TensorView output, TensorView input, PanelMatrix matrix, TensorView bias) where TPanel : unmanaged, IPanelFormat
    {
        var job = new LinearJob<TLanes, TPanel>(output, input, matrix.Panel(0), matrix.PanelBytes, matrix.Pairs, bias.Rows == 0 ? null : bias.Pointer(0));
        pool.Run(job, matrix.Panels, (int)Math.Max(1, PanelBytesPerThread / (matrix.PanelBytes * input.Rows)));
    }

    public void Rotate(TensorView fused, AttentionShape shape, TensorView cosines, TensorView sines) =>
        pool.Run(new RotateJob(fused, shape, cosines, sines), fused.Rows, RowsPerThread(shape.QueryWidth));

    public void StoreKv(KvCache cache, int layer, TensorView fused, RowPlaces places) =>
        pool.Run(new StoreKvJob(cache.Layer(layer), cache.Shape, fused, places), fused.Rows, RowsPerThread(2 * cache.Shape.KeyValueWidth));

    public void Attend(TensorView output, TensorView fused, KvCache cache, int layer, RowPlaces places, float scale) =>
        pool.Run(new AttendJob<TLanes>(output, fused, cache.Layer(layer), cache.Shape, places, scale), output.Rows * cache.Shape.KeyValueHeads);

    public void Silu(TensorView output, TensorView input) => Elements<SiluFunction>(output, input, input);

    public void Multiply(TensorView output, TensorView a, TensorView b) => Elements<MultiplyFunction>(output, a, b);

    public void SiluMultiply(TensorView output, TensorView gate, TensorView up) => Elements<SiluMultiplyFunction>(output, gate, up);

    public void AddTo(TensorView target, TensorView addend) => Elements<AddFunction>(target, target, addend);

    private void Elements<TFunction>(TensorView output, TensorView a, TensorView b) where TFunction : unmanaged, IElementFunction =>
        pool.Run(new ElementJob<TLanes, TFunction>(output, a, b), output.Rows, RowsPerThread(output.Columns));

    public void Intervene(TensorView rows, NativeList<Edit> edits)
    {
        if (edits.Count > 0) pool.Run(new InterveneJob<TLanes>(rows, (Edit*)edits.Address, edits.Count), edits.Count, RowsPerThread(rows.Columns));
    }

    public void CopyRows(TensorView rows, NativeList<RowCopy> copies)
    {
        foreach (var copy in copies.Items) rows.Row(copy.Row).CopyTo(new Span<float>((void*)copy.Destination, rows.Columns));
    }

    private static int RowsPerThread(int columns) => Math.Max(1, RowValuesPerThread / columns);

    public void Dispose() => pool.Dispose();
}
