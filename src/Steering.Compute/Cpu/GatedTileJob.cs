using System.Runtime.CompilerServices;
using Steering.Compute.Cpu.MachineCode;

namespace Steering.Compute.Cpu;

/// <summary>output = activation(gate) * up, where gate and up are the two halves of rows times panels + bias; an item is a panel of the gate. Both stay in the first-level cache in between.</summary>
/// <param name="output">[rows, outputs / 2], a multiple of 32 columns.</param>
/// <param name="bias">Null for none.</param>
internal readonly unsafe struct GatedTileJob<TLanes, TActivation>(TileProduct product, TensorView output, float* bias) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
    where TActivation : unmanaged, IActivationFunction
{
    private const int Width = PanelMatrix.Width;

    [MethodImpl(Compiled.Apart), SkipLocalsInit]
    public void Run(int first, int last)
    {
        int panels = output.Columns / Width;
        float* both = stackalloc float[TileFormat.RowLimit * 2 * Width + CacheLine.Floats];
        both = CacheLine.Next(both);
        bool pair = product.Has(TileVariant.Pair);
        product.Begin();
        for (int tile = 0; tile < product.Tiles; tile += product.BlockTiles)
        {
            int end = Math.Min(product.Tiles, tile + product.BlockTiles);
            for (int panel = first; panel < last; panel++)
            {
                for (int t = tile; t < end; t++)
                {
                    if (pair)
                    {
                        product.Run(t, panel, TileVariant.Pair, both, 2 * Width * sizeof(float), panels * product.PanelBytes);
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
        product.End();
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
