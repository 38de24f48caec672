using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Steering.Compute.Cpu.Gradients;

/// <summary>
/// Gradients of outputs times W: of y = x W^T. An item is 32 inputs. Panels hold 32 outputs side by side where here 32 inputs are wanted so, so blocks of 32 x 32 weights are widened and transposed in the first-level
/// cache, and used for all rows before the next. Every result is one chain of fused multiply-adds over ascending outputs.
/// </summary>
/// <param name="target">[rows, inputs].</param>
/// <param name="gradient">[rows, outputs].</param>
internal readonly unsafe struct LinearGradientJob<TLanes>(TensorView target, TensorView gradient, PanelReader reader) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    private const int Width = PanelMatrix.Width;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int first, int last)
    {
        float* widened = stackalloc float[Width * Width], block = stackalloc float[Width * Width];
        new Span<float>(widened, Width * Width).Clear();
        using var sums = new DeviceBuffer((long)target.Rows * Width * sizeof(float));
        float* sum = (float*)sums.Address;
        for (int item = first; item < last; item++)
        {
            new Span<float>(sum, target.Rows * Width).Clear();
            for (int column = 0; column < gradient.Columns; column += Width)
            {
                reader.Widen<TLanes>(column / Width, item, widened);
                Transpose(widened, block);
                Add(sum, column, Math.Min(Width, gradient.Columns - column), block);
            }
            int start = item * Width, count = Math.Min(Width, target.Columns - start);
            for (int row = 0; row < target.Rows; row++) new Span<float>(sum + row * Width, count).CopyTo(new Span<float>(target.Pointer(row) + start, count));
        }
    }

    /// <summary>sum[row] += gradient[row, column + o] block[o] over outputs o.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Add(float* sum, int column, int outputs, float* block)
    {
        int row = 0;
        for (; row + 4 <= target.Rows; row += 4)
        {
            float* s = sum + row * Width;
            float* g0 = gradient.Pointer(row) + column, g1 = gradient.Pointer(row + 1) + column, g2 = gradient.Pointer(row + 2) + column, g3 = gradient.Pointer(row + 3) + column;
            TLanes a0 = TLanes.Load(s), b0 = TLanes.Load(s + 16), a1 = TLanes.Load(s + 32), b1 = TLanes.Load(s + 48);
            TLanes a2 = TLanes.Load(s + 64), b2 = TLanes.Load(s + 80), a3 = TLanes.Load(s + 96), b3 = TLanes.Load(s + 112);
            for (int o = 0; o < outputs; o++)
            {
                TLanes low = TLanes.Load(block + o * Width), high = TLanes.Load(block + o * Width + 16);
                TLanes x0 = TLanes.Broadcast(g0[o]), x1 = TLanes.Broadcast(g1[o]), x2 = TLanes.Broadcast(g2[o]), x3 = TLanes.Broadcast(g3[o]);
                a0 = TLanes.FusedMultiplyAdd(x0, low, a0);
                b0 = TLanes.FusedMultiplyAdd(x0, high, b0);
                a1 = TLanes.FusedMultiplyAdd(x1, low, a1);
                b1 = TLanes.FusedMultiplyAdd(x1, high, b1);
                a2 = TLanes.FusedMultiplyAdd(x2, low, a2);
                b2 = TLanes.FusedMultiplyAdd(x2, high, b2);
                a3 = TLanes.FusedMultiplyAdd(x3, low, a3);
                b3 = TLanes.FusedMultiplyAdd(x3, high, b3);
            }
            a0.Store(s);
            b0.Store(s + 16);
            a1.Store(s + 32);
            b1.Store(s + 48);
            a2.Store(s + 64);
            b2.Store(s + 80);
            a3.Store(s + 96);
            b3.Store(s + 112);
        }
        for (; row < target.Rows; row++)
        {
            float* s = sum + row * Width, g = gradient.Pointer(row) + column;
            TLanes a = TLanes.Load(s), b = TLanes.Load(s + 16);
            for (int o = 0; o < outputs; o++)
            {
                var x = TLanes.Broadcast(g[o]);
                a = TLanes.FusedMultiplyAdd(x, TLanes.Load(block + o * Width), a);
                b = TLanes.FusedMultiplyAdd(x, TLanes.Load(block + o * Width + 16), b);
            }
            a.Store(s);
            b.Store(s + 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(float* from, float* to)
    {
        for (int i = 0; i < Width; i += 4)
        {
            for (int j = 0; j < Width; j += 4)
            {
                float* x = from + i * Width + j, y = to + j * Width + i;
                if (!Sse.IsSupported)
                {
                    for (int k = 0; k < 16; k++) y[k % 4 * Width + k / 4] = x[k / 4 * Width + k % 4];
                    continue;
                }
                Vector128<float> a = Vector128.Load(x), b = Vector128.Load(x + Width), c = Vector128.Load(x + 2 * Width), d = Vector128.Load(x + 3 * Width);
                Vector128<float> ab = Sse.UnpackLow(a, b), cd = Sse.UnpackLow(c, d), ab2 = Sse.UnpackHigh(a, b), cd2 = Sse.UnpackHigh(c, d);
                Sse.MoveLowToHigh(ab, cd).Store(y);
                Sse.MoveHighToLow(cd, ab).Store(y + Width);
                Sse.MoveLowToHigh(ab2, cd2).Store(y + 2 * Width);
                Sse.MoveHighToLow(cd2, ab2).Store(y + 3 * Width);
            }
        }
    }
}
