using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Steering.Compute.Cpu.MachineCode;

namespace Steering.Compute.Cpu;

/// <summary>output = rows times panels + bias, or += that; an item is a panel.</summary>
/// <param name="output">[rows, outputs].</param>
/// <param name="bias">Null for none.</param>
internal readonly unsafe struct TileJob(TileProduct product, TensorView output, float* bias, bool adds) : IJob
{
    private const int Width = PanelMatrix.Width;

    [MethodImpl(Compiled.Apart), SkipLocalsInit]
    public void Run(int first, int last)
    {
        float* apart = stackalloc float[TileFormat.RowLimit * Width + CacheLine.Floats];
        apart = CacheLine.Next(apart);
        product.Begin();
        if (product.Tiles == 1) OneTile(first, last, apart);
        else Blocks(first, last, apart);
        product.End();
    }

    /// <summary>Several panels at once are as many long streams, a part of the thread's range each: the processor and the kernels fetch ahead of a stream, and one that ends after each panel starts anew every time.</summary>
    [MethodImpl(Compiled.Apart)]
    private void OneTile(int first, int last, float* apart)
    {
        int whole = Math.Min(last, output.Columns / Width); // the last panel may stick out of the row
        for (int panel = first; panel < last;)
        {
            int left = whole - panel;
            var (variant, streams) = left >= 4 && product.Has(TileVariant.Quad) ? (TileVariant.Quad, 4) : left >= 2 && product.Has(TileVariant.Pair) ? (TileVariant.Pair, 2) : (TileVariant.Single, 1);
            int length = Math.Max(1, left / streams);
            long stride = (long)streams * Width * sizeof(float);
            for (int end = panel + length; panel < end; panel++)
            {
                product.Run(0, panel, variant, apart, stride, length * product.PanelBytes);
                for (int i = 0; i < streams; i++) Finish(0, panel + i * length, new TileTarget(apart + i * Width, stride, true));
            }
            panel += (streams - 1) * length;
        }
    }

    [MethodImpl(Compiled.Apart)]
    private void Blocks(int first, int last, float* apart)
    {
        for (int tile = 0; tile < product.Tiles; tile += product.BlockTiles)
        {
            int end = Math.Min(product.Tiles, tile + product.BlockTiles);
            for (int panel = first; panel < last; panel++)
            {
                for (int t = tile; t < end; t++)
                {
                    var target = Target(t, panel, apart);
                    product.RunShared(t, panel, tile, end, target.Address, target.Stride);
                    Finish(t, panel, target);
                }
            }
        }
    }

    /// <summary>Where a tile's outputs go first: to their place, unless they are added to something or lie behind the end of the row in part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TileTarget Target(int tile, int panel, float* apart)
    {
        int column = panel * Width;
        if (adds || column + Width > output.Columns) return new TileTarget(apart, (long)Width * sizeof(float), true);
        return new TileTarget(output.Pointer(product.First(tile)) + column, (long)output.Stride * sizeof(float), false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Finish(int tile, int panel, TileTarget target)
    {
        if (bias == null && !target.IsApart) return;
        int first = product.First(tile), end = product.First(tile + 1), column = panel * Width, width = Math.Min(Width, output.Columns - column);
        for (int row = first; row < end; row++) FinishRow((float*)((byte*)target.Address + (row - first) * target.Stride), output.Pointer(row) + column, column, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FinishRow(float* sums, float* y, int column, int width)
    {
        int i = 0;
        for (; i + 16 <= width; i += 16)
        {
            var sum = Vector512.Load(sums + i);
            if (bias != null) sum += Vector512.Load(bias + column + i);
            if (adds) sum = Vector512.Load(y + i) + sum;
            sum.Store(y + i);
        }
        for (; i < width; i++)
        {
            float sum = bias == null ? sums[i] : sums[i] + bias[column + i];
            y[i] = adds ? y[i] + sum : sum;
        }
    }
}

/// <summary>Where a kernel writes a tile's outputs.</summary>
/// <param name="stride">Bytes between rows.</param>
/// <param name="isApart">They are to be taken to their place from there.</param>
internal readonly unsafe struct TileTarget(float* address, long stride, bool isApart)
{
    public float* Address => address;
    public long Stride => stride;
    public bool IsApart => isApart;
}
