using System.Runtime.CompilerServices;
using Steering.Compute.Cpu.MachineCode;

namespace Steering.Compute.Cpu;

/// <summary>
/// Rows of inputs and panels of weights for a <see cref="TileKernel"/>. Rows are cut into tiles of nearly equal size and walked over in blocks that stay in the second-level cache, so that each panel is read
/// from memory once for many rows. How rows are cut does not show in an output's bits: it is one chain over ascending inputs.
/// </summary>
/// <param name="rows">Address of the first row in the kernel's format.</param>
/// <param name="rowStride">Bytes between rows.</param>
/// <param name="rowCount">Rows there are.</param>
/// <param name="steps">Of the kernel's loop.</param>
internal readonly unsafe struct TileProduct(nint rows, long rowStride, int rowCount, byte* panels, long panelBytes, nint* entries, int mostRows, long steps)
{
    private const long CachedRowBytes = 512 << 10;

    public int Tiles { get; } = (rowCount + mostRows - 1) / mostRows;

    /// <summary>Tiles that are walked over before the next panel.</summary>
    public int BlockTiles { get; } = (int)Math.Max(1, CachedRowBytes / (rowStride * mostRows));

    public int First(int tile) => (int)((long)rowCount * tile / Tiles);

    /// <summary>Whether all rows are one tile, for which there is this variant.</summary>
    public bool Has(TileVariant variant) => Tiles == 1 && entries[TileKernel.Variants * (rowCount - 1) + (int)variant] != 0;

    /// <summary>Computes a tile of rows times one panel or several.</summary>
    /// <param name="panelStride">Bytes between the panels of a variant with several; 0: they follow each other.</param>
    public void Run(int tile, int panel, TileVariant variant, float* output, long outputStride, long panelStride = 0) =>
        Call(tile, variant, new TileArguments(Panel(panel), panelStride == 0 ? panelBytes : panelStride, Rows(tile), rowStride, (nint)output, outputStride, steps));

    /// <summary>Computes a tile of rows times a panel that the other tiles of its block use too; each fetches a part of the panel that follows.</summary>
    /// <param name="blockStart">The block's first tile.</param>
    /// <param name="blockEnd">Behind its last.</param>
    public void RunShared(int tile, int panel, int blockStart, int blockEnd, float* output, long outputStride)
    {
        long share = panelBytes / (blockEnd - blockStart);
        var arguments = new TileArguments(Panel(panel), panelBytes, Rows(tile), rowStride, (nint)output, outputStride, steps, Panel(panel + 1) + (nint)((tile - blockStart) * share), share / steps);
        Call(tile, blockEnd - blockStart > 1 ? TileVariant.Repeated : TileVariant.Single, arguments);
    }

    private nint Panel(int panel) => (nint)(panels + panel * panelBytes);

    private nint Rows(int tile) => rows + (nint)(First(tile) * rowStride);

    private void Call(int tile, TileVariant variant, TileArguments arguments) =>
        ((delegate* unmanaged<TileArguments*, void>)entries[TileKernel.Variants * (First(tile + 1) - First(tile) - 1) + (int)variant])(&arguments);
}

/// <summary>output = rows times panels + bias; an item is a panel.</summary>
/// <param name="output">[rows, outputs].</param>
/// <param name="bias">Null for none.</param>
internal readonly unsafe struct TileJob(TileProduct product, TensorView output, float* bias) : IJob
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int first, int last)
    {
        if (product.Tiles == 1)
        {
            for (int panel = first; panel < last;)
            {
                int left = Math.Min(last, output.Columns / PanelMatrix.Width) - panel; // the last panel may stick out of the row
                var (variant, count) = left >= 4 && product.Has(TileVariant.Quad) ? (TileVariant.Quad, 4) : left >= 2 && product.Has(TileVariant.Pair) ? (TileVariant.Pair, 2) : (TileVariant.Single, 1);
                if (left > 0) product.Run(0, panel, variant, output.Pointer(0) + panel * PanelMatrix.Width, (long)output.Stride * sizeof(float));
                else LastPanel(0, panel, 0, 1);
                AddBias(0, panel, count);
                panel += count;
            }
            return;
        }
        for (int tile = 0; tile < product.Tiles; tile += product.BlockTiles)
        {
            int end = Math.Min(product.Tiles, tile + product.BlockTiles);
            for (int panel = first; panel < last; panel++)
            {
                for (int t = tile; t < end; t++)
                {
                    if ((panel + 1) * PanelMatrix.Width <= output.Columns) product.RunShared(t, panel, tile, end, output.Pointer(product.First(t)) + panel * PanelMatrix.Width, (long)output.Stride * sizeof(float));
                    else LastPanel(t, panel, tile, end);
                    AddBias(t, panel, 1);
                }
            }
        }
    }

    /// <summary>Only a part of the last panel's outputs are the row's: what lies behind them is left alone.</summary>
    private void LastPanel(int tile, int panel, int blockStart, int blockEnd)
    {
        int first = product.First(tile), column = panel * PanelMatrix.Width, width = output.Columns - column;
        float* whole = stackalloc float[TileWriter.MostRows * PanelMatrix.Width];
        product.RunShared(tile, panel, blockStart, blockEnd, whole, PanelMatrix.Width * sizeof(float));
        for (int i = first; i < product.First(tile + 1); i++) new Span<float>(whole + (i - first) * PanelMatrix.Width, width).CopyTo(new Span<float>(output.Pointer(i) + column, width));
    }

    private void AddBias(int tile, int panel, int panels)
    {
        if (bias == null) return;
        int column = panel * PanelMatrix.Width, end = Math.Min(column + panels * PanelMatrix.Width, output.Columns);
        for (int i = product.First(tile); i < product.First(tile + 1); i++)
            for (int j = column; j < end; j++) output.Pointer(i)[j] += bias[j];
    }
}

/// <summary>output = activation(gate) * up, where gate and up are the two halves of rows times panels + bias; an item is a panel of the gate. Both stay in the first-level cache in between.</summary>
/// <param name="output">[rows, outputs / 2], a multiple of 32 columns.</param>
/// <param name="bias">Null for none.</param>
internal readonly unsafe struct GatedTileJob<TLanes, TActivation>(TileProduct product, TensorView output, float* bias, long panelBytes) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
    where TActivation : unmanaged, IActivationFunction
{
    private const int Width = PanelMatrix.Width;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int first, int last)
    {
        int panels = output.Columns / Width;
        float* both = stackalloc float[TileWriter.MostRows * 2 * Width];
        bool pair = product.Has(TileVariant.Pair);
        for (int tile = 0; tile < product.Tiles; tile += product.BlockTiles)
        {
            int end = Math.Min(product.Tiles, tile + product.BlockTiles);
            for (int panel = first; panel < last; panel++)
            {
                for (int t = tile; t < end; t++)
                {
                    if (pair)
                    {
                        product.Run(t, panel, TileVariant.Pair, both, 2 * Width * sizeof(float), panels * panelBytes);
                    }
                    else
                    {
                        product.RunShared(t, panel, tile, end, both, 2 * Width * sizeof(float));
                        product.RunShared(t, panels + panel, tile, end, both + Width, 2 * Width * sizeof(float));
                    }
                    for (int row = product.First(t); row < product.First(t + 1); row++) Gate(both + (row - product.First(t)) * 2 * Width, output.Pointer(row) + panel * Width, panel * Width);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Gate(float* both, float* y, int column)
    {
        for (int i = 0; i < Width; i += 16)
        {
            TLanes gate = TLanes.Load(both + i), up = TLanes.Load(both + Width + i);
            if (bias != null) (gate, up) = (gate + TLanes.Load(bias + column + i), up + TLanes.Load(bias + output.Columns + column + i));
            GateFunction<TActivation>.Apply(gate, up).Store(y + i);
        }
    }
}
