using Steering.Compute.Cpu.MachineCode;

namespace Steering.Compute.Cpu;

/// <summary>
/// Rows of inputs and panels of weights for a <see cref="TileKernel"/>. Rows are cut into tiles of nearly equal size and walked over in blocks, so that each panel is read
/// from memory once for many rows. How rows are cut does not show in an output's bits: it is one chain over ascending inputs.
/// </summary>
/// <param name="rows">Address of the first row in the kernel's format.</param>
/// <param name="rowStride">Bytes between rows.</param>
/// <param name="rowCount">Rows there are.</param>
/// <param name="steps">Of the kernel's loop.</param>
internal readonly unsafe struct TileProduct(nint rows, long rowStride, int rowCount, byte* panels, long panelBytes, TileKernel kernel, long steps)
{
    // Jobs are unmanaged: what they need of the kernel is copied.
    private readonly nint* _entries = kernel.Entries;
    private readonly int _granule = kernel.Format.RowGranule;
    private readonly (int Each, int Longer) _granules = TileGranules(rowCount, kernel.Format);
    private readonly bool _usesTileRegisters = kernel.Format is AmxTiles;

    /// <summary>Address of the first panel.</summary>
    public byte* Panels { get; init; } = panels;

    /// <summary>From one panel to the next.</summary>
    public long PanelBytes => panelBytes;

    /// <summary>Address of the first row.</summary>
    public nint FirstRow { get; init; } = rows;

    /// <summary>Of the kernel's loop.</summary>
    public long Steps { get; init; } = steps;

    public int Tiles { get; } = TilesOf(rowCount, kernel.Format);

    /// <summary>Tiles that are walked over before the next panel.</summary>
    public int BlockTiles { get; } = (int)Math.Max(kernel.Format.LeastBlockTiles, kernel.Format.BlockBytes / (rowStride * kernel.Format.MostRows));

    /// <summary>The first row of a tile. Without a division: it is asked for several times a tile, and tiles of narrow inputs are done in 0.3 microseconds.</summary>
    public int First(int tile) => Math.Min(rowCount, _granule * (tile * _granules.Each + Math.Min(tile, _granules.Longer)));

    private static int TilesOf(int rows, TileFormat format) => (rows + format.MostRows - 1) / format.MostRows;

    /// <summary>Granules of rows of each tile, and how many tiles have one more.</summary>
    private static (int, int) TileGranules(int rows, TileFormat format) => Math.DivRem((rows + format.RowGranule - 1) / format.RowGranule, Math.Max(1, TilesOf(rows, format)));

    /// <summary>To be called by a thread before its first tile.</summary>
    public void Begin()
    {
        if (_usesTileRegisters) TileRegisters.Configure();
    }

    /// <summary>To be called by a thread after its last.</summary>
    public void End()
    {
        if (_usesTileRegisters) TileRegisters.Release();
    }

    /// <summary>Whether all rows are one tile, for which there is this variant.</summary>
    public bool Has(TileVariant variant) => Tiles == 1 && _entries[TileKernel.Variants * (rowCount - 1) + (int)variant] != 0;

    /// <summary>Computes a tile of rows times one panel or several.</summary>
    /// <param name="panelStride">Bytes between the panels of a variant with several; 0: they follow each other.</param>
    public void Run(int tile, int panel, TileVariant variant, float* output, long outputStride, long panelStride = 0) =>
        Call(tile, variant, new TileArguments(Panel(panel), panelStride == 0 ? panelBytes : panelStride, Rows(tile), rowStride, (nint)output, outputStride, Steps));

    /// <summary>Computes a tile of rows times a panel that the other tiles of its block use too; each fetches a part of the panel that follows.</summary>
    /// <param name="blockStart">The block's first tile.</param>
    /// <param name="blockEnd">Behind its last.</param>
    public void RunShared(int tile, int panel, int blockStart, int blockEnd, float* output, long outputStride)
    {
        long share = panelBytes / (blockEnd - blockStart);
        var arguments = new TileArguments(Panel(panel), panelBytes, Rows(tile), rowStride, (nint)output, outputStride, Steps, Panel(panel + 1) + (nint)((tile - blockStart) * share), share / Steps);
        Call(tile, blockEnd - blockStart > 1 ? TileVariant.Repeated : TileVariant.Single, arguments);
    }

    private nint Panel(int panel) => (nint)(Panels + panel * panelBytes);

    private nint Rows(int tile) => FirstRow + (nint)(First(tile) * rowStride);

    private void Call(int tile, TileVariant variant, TileArguments arguments) =>
        ((delegate* unmanaged<TileArguments*, void>)_entries[TileKernel.Variants * (First(tile + 1) - First(tile) - 1) + (int)variant])(&arguments);
}
