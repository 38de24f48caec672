using System.Runtime.CompilerServices;
using Steering.Compute.Cpu.MachineCode;

namespace Steering.Compute.Cpu;

/// <summary>
/// Rows times panels by a <see cref="TileKernel"/>; an item is a panel. Rows are cut into tiles of nearly equal size and walked over in blocks that stay in the second-level cache, so that each panel is
/// read from memory once for many rows. How rows are cut does not show in an output's bits: it is one chain over ascending inputs.
/// </summary>
/// <param name="output">[rows, outputs].</param>
/// <param name="rows">Address of the first row in the kernel's format.</param>
/// <param name="rowStride">Bytes between rows.</param>
/// <param name="steps">Of the kernel's loop.</param>
/// <param name="bias">Null for none.</param>
internal readonly unsafe struct TileJob(TensorView output, nint rows, long rowStride, byte* panels, long panelBytes, nint* entries, int mostRows, int panelsAtOnce, long steps, float* bias) : IJob
{
    private const long CachedRowBytes = 512 << 10;
    private readonly int _tiles = (output.Rows + mostRows - 1) / mostRows;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int first, int last)
    {
        int blockTiles = (int)Math.Max(1, CachedRowBytes / (rowStride * mostRows));
        for (int tile = 0; tile < _tiles; tile += blockTiles)
        {
            int end = Math.Min(_tiles, tile + blockTiles);
            for (int panel = first; panel < last;)
            {
                int count = last - panel >= panelsAtOnce && (panel + panelsAtOnce) * PanelMatrix.Width <= output.Columns ? panelsAtOnce : 1;
                for (int t = tile; t < end; t++) Tile(panel, count, t);
                panel += count;
            }
        }
    }

    private void Tile(int panel, int count, int tile)
    {
        int first = (int)((long)output.Rows * tile / _tiles), height = (int)((long)output.Rows * (tile + 1) / _tiles) - first, column = panel * PanelMatrix.Width;
        int width = Math.Min(count * PanelMatrix.Width, output.Columns - column);
        nint entry = entries[2 * (height - 1) + (count == panelsAtOnce ? 0 : 1)];
        nint from = rows + (nint)(first * rowStride);
        if (width == count * PanelMatrix.Width)
        {
            Call(entry, new TileArguments((nint)(panels + panel * panelBytes), panelBytes, from, rowStride, (nint)(output.Pointer(first) + column), (long)output.Stride * sizeof(float), steps));
        }
        else
        {
            // The last panel sticks out of the row: what lies behind the row's end is left alone.
            float* whole = stackalloc float[TileWriter.MostRows * PanelMatrix.Width];
            Call(entry, new TileArguments((nint)(panels + panel * panelBytes), panelBytes, from, rowStride, (nint)whole, PanelMatrix.Width * sizeof(float), steps));
            for (int i = 0; i < height; i++) new Span<float>(whole + i * PanelMatrix.Width, width).CopyTo(new Span<float>(output.Pointer(first + i) + column, width));
        }
        if (bias == null) return;
        for (int i = first; i < first + height; i++)
        {
            float* y = output.Pointer(i) + column;
            for (int j = 0; j < width; j++) y[j] += bias[column + j];
        }
    }

    private static void Call(nint entry, in TileArguments arguments)
    {
        fixed (TileArguments* pointer = &arguments) ((delegate* unmanaged<TileArguments*, void>)entry)(pointer);
    }
}
