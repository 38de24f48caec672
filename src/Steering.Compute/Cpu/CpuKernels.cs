namespace Steering.Compute.Cpu;

/// <summary>The managed backend: every operation is a job over rows or panels on the pool, written once over <typeparamref name="TLanes"/>.</summary>
internal sealed unsafe partial class CpuKernels<TLanes>(string name, Numerics numerics, WeightStorage storage, ProductCode code, ComputePool pool, bool ownsPool) : IKernels
    where TLanes : unmanaged, ILanes<TLanes>
{
    // Below this size handing work to another thread costs more than the work.
    private const int RowValuesPerThread = 8192;

    // A key written is a cache line missed: as long as this many values of a row.
    private const int StoreCost = 128;

    private readonly WeightMemory _memory = new();
    private readonly MatrixProducts<TLanes> _products = new(pool, numerics, code);

    public string Name => name;

    public Numerics Numerics => numerics;

    public string ProductOf(DType type) => _products.NameOf(type);

    public ComputePool Pool => pool;

    public WeightMatrix CreateWeights(ReadOnlySpan<WeightSource> sources, bool asStored)
    {
        pool.Turns.Enter();
        try
        {
            return PanelMatrix.Pack(sources, asStored ? WeightStorage.Stored : storage, _memory, pool);
        }
        finally
        {
            pool.Turns.Exit();
        }
    }

    public void Embed(TensorView output, NativeList<int> ids, WeightMatrix table, float scale)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(ids.Count, output.Rows, nameof(ids));
        pool.Run(new EmbedJob(output, (int*)ids.Address, (PanelMatrix)table, scale), output.Rows, RowsPerThread(output.Columns));
    }

    public LinearInput RmsNorm(TensorView output, TensorView input, TensorView weight, float epsilon, WeightMatrix? consumer) =>
        _products.RunAndConvert(new RmsNormJob<TLanes>(output, input, weight.Pointer(0), epsilon), output, (PanelMatrix?)consumer, RowsPerThread(input.Columns));

    public void RmsNormGroups(TensorView rows, TensorView weight, float epsilon) =>
        pool.Run(new RmsNormGroupsJob<TLanes>(rows, weight.Pointer(0), weight.Columns, epsilon), rows.Rows, RowsPerThread(rows.Columns));

    public LinearInput LayerNorm(TensorView output, TensorView input, TensorView weight, TensorView bias, float epsilon, WeightMatrix? consumer) =>
        _products.RunAndConvert(new LayerNormJob<TLanes>(output, input, weight.Pointer(0), bias.Pointer(0), epsilon), output, (PanelMatrix?)consumer, RowsPerThread(input.Columns));

    public void Linear(TensorView output, LinearInput input, WeightMatrix weights, TensorView bias) =>
        _products.Run(output, input, Fitting(input.Rows, weights, output.Rows, output.Columns), BiasOf(bias), adds: false);

    public void LinearAdd(TensorView target, LinearInput input, WeightMatrix weights, TensorView bias) =>
        _products.Run(target, input, Fitting(input.Rows, weights, target.Rows, target.Columns), BiasOf(bias), adds: true);

    public void GatedLinear(TensorView output, TensorView product, LinearInput input, WeightMatrix weights, TensorView bias, Activation activation)
    {
        var matrix = Fitting(input.Rows, weights, output.Rows, 2 * output.Columns);
        bool isDone = activation switch
        {
            Activation.Silu => _products.TryRunGated<SiluActivation>(output, input, matrix, BiasOf(bias)),
            Activation.Gelu => _products.TryRunGated<GeluActivation>(output, input, matrix, BiasOf(bias)),
            _ => _products.TryRunGated<GeluTanhActivation>(output, input, matrix, BiasOf(bias)),
        };
        if (isDone) return;
        Linear(product, input, weights, bias);
        Gate(output, product.Slice(0, output.Columns), product.Slice(output.Columns, output.Columns), activation);
    }

    private static PanelMatrix Fitting(TensorView input, WeightMatrix weights, int rows, int outputs)
    {
        if (input.Columns == weights.Inputs && outputs == weights.Outputs && input.Rows == rows) return (PanelMatrix)weights;
        throw new ArgumentException($"Linear: [{input.Rows}, {input.Columns}] times [{weights.Outputs}, {weights.Inputs}] does not give [{rows}, {outputs}].");
    }

    private static float* BiasOf(TensorView bias) => bias.Rows == 0 ? null : bias.Pointer(0);

    public void Rotate(TensorView fused, AttentionShape shape, TensorView cosines, TensorView sines) =>
        pool.Run(new RotateJob<TLanes>(fused, shape, cosines, sines), fused.Rows, RowsPerThread(shape.QueryWidth));

    public void StoreKv(KvCache cache, int layer, TensorView fused, RowPlaces places) =>
        pool.Run(new StoreKvJob(cache.Layer(layer), cache.Layout, fused, places), fused.Rows * cache.Shape.KeyValueHeads, RowsPerThread(StoreCost * cache.Shape.HeadDimension));

    public void Attend(TensorView output, TensorView fused, KvCache cache, int layer, RowPlaces places, AttentionRule rule)
    {
        // Query heads that share keys go together, unless that leaves threads without an equal part.
        var shape = cache.Shape;
        int heads = output.Rows * shape.KeyValueHeads >= 4 * pool.Threads ? shape.HeadsPerKeyValue : 1;
        int items = output.Rows * shape.Heads / heads;
        if (cache.Layout.IsPaired) pool.Run(new AttendJob<TLanes, PairTile<TLanes>>(output, fused, cache.Layer(layer), cache.Layout, places, rule, heads), items);
        else pool.Run(new AttendJob<TLanes, FloatTile<TLanes>>(output, fused, cache.Layer(layer), cache.Layout, places, rule, heads), items);
    }

    public void Activate(TensorView output, TensorView input, Activation activation)
    {
        switch (activation)
        {
            case Activation.Silu: Elements<ActivateFunction<SiluActivation>>(output, input, input); break;
            case Activation.Gelu: Elements<ActivateFunction<GeluActivation>>(output, input, input); break;
            default: Elements<ActivateFunction<GeluTanhActivation>>(output, input, input); break;
        }
    }

    private void Gate(TensorView output, TensorView gate, TensorView up, Activation activation)
    {
        switch (activation)
        {
            case Activation.Silu: Elements<GateFunction<SiluActivation>>(output, gate, up); break;
            case Activation.Gelu: Elements<GateFunction<GeluActivation>>(output, gate, up); break;
            default: Elements<GateFunction<GeluTanhActivation>>(output, gate, up); break;
        }
    }

    public void Multiply(TensorView output, TensorView a, TensorView b) => Elements<MultiplyFunction>(output, a, b);

    public void SoftCap(TensorView rows, float cap) => pool.Run(new SoftCapJob<TLanes>(rows, cap), rows.Rows, RowsPerThread(rows.Columns));

    public void Route(TensorView weights, TensorView logits, int count, bool renormalise) =>
        pool.Run(new RouteJob<TLanes>(weights, logits, count, renormalise), logits.Rows, RowsPerThread(logits.Columns * logits.Columns));

    public void AddScaledRows(TensorView target, TensorView source, NativeList<RowWeight> rows)
    {
        if (rows.Count > 0) pool.Run(new AddScaledRowsJob<TLanes>(target, source, (RowWeight*)rows.Address), rows.Count, RowsPerThread(source.Columns));
    }

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

    public void Dispose()
    {
        _products.Dispose();
        if (ownsPool) pool.Dispose();
    }
}
