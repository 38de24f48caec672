using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Steering.Compute.Cpu.Gradients;

/// <summary>
/// Gradients of outputs times W: of y = x W^T. An item is 32 inputs. Panels hold 32 outputs side by side where here 32 inputs are wanted so: they are gathered into a panel of W^T, block by block of 32 x 32 weights, widened (unless
/// bf16 can stay what it is) and transposed in the first-level cache, and that panel is multiplied as any other. A long panel is made and multiplied part by part, so that what is gathered is still in the second-level cache. Every result is a chain of
/// fused multiply-adds over the ascending outputs of each part, and the parts' sum in their order.
/// </summary>
/// <param name="target">[rows, inputs].</param>
/// <param name="gradient">[rows, outputs].</param>
/// <param name="product">Machine code for panels of f32, or of bf16 if those stay, gradient its rows.</param>
/// <param name="usesMachineCode">Else managed kernels do it, with the same bits.</param>
/// <param name="keepsPairs">bf16 weights stay what they are in the panel of W^T (<see cref="PairTranspose"/>).</param>
/// <param name="scratch">For a panel of W^T a thread.</param>
internal readonly unsafe struct LinearGradientJob<TLanes>(TensorView target, TensorView gradient, PanelReader reader, TileProduct product, bool usesMachineCode, bool keepsPairs, GradientScratch scratch) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>Panels of W that a part of a panel of W^T is gathered from.</summary>
    public const int PanelsOfPart = 64;

    private const int Width = PanelMatrix.Width;

    public void Run(int first, int last)
    {
        float* block = stackalloc float[Width * Width];
        new Span<float>(block, Width * Width).Clear();
        int panels = (gradient.Columns + Width - 1) / Width;
        byte* transposed = scratch.Take();
        for (int item = first; item < last; item++)
        {
            var columns = target.Slice(item * Width, Math.Min(Width, target.Columns - item * Width));
            for (int panel = 0; panel < panels; panel += PanelsOfPart)
            {
                int end = Math.Min(panels, panel + PanelsOfPart), from = panel * Width;
                if (keepsPairs) GatherPairs(item, panel, end, (uint*)transposed);
                else Gather(item, panel, end, block, (float*)transposed);
                var part = gradient.Slice(from, Math.Min(end * Width, gradient.Columns) - from);
                if (usesMachineCode) new TileJob(product with { Panels = transposed, FirstRow = part.Address, Steps = keepsPairs ? (part.Columns + 1) / 2 : part.Columns }, columns, null, adds: panel > 0).Run(0, 1);
                else new LinearJob<TLanes, F32Panel>(columns, part, transposed, scratch.Bytes, (part.Columns + 1) / 2, null, adds: panel > 0).Run(0, 1);
            }
        }
    }

    [MethodImpl(Compiled.Apart)]
    private void Gather(int item, int first, int last, float* block, float* transposed)
    {
        for (int panel = first; panel < last; panel++, transposed += Width * Width)
        {
            reader.Prefetch(Math.Min(panel + 2, last - 1), item);
            reader.Widen<TLanes>(panel, item, block);
            Transpose(block, transposed);
        }
    }

    [MethodImpl(Compiled.Apart)]
    private void GatherPairs(int item, int first, int last, uint* transposed)
    {
        for (int panel = first; panel < last; panel++, transposed += Width * Width / 2)
        {
            reader.Prefetch(Math.Min(panel + 2, last - 1), item);
            PairTranspose.Run((uint*)reader.Part(panel, item), transposed);
        }
    }

    /// <summary>to[j, i] = from[i, j], 32 by 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(float* from, float* to)
    {
        const int side = 8;
        for (int i = 0; i < Width; i += side)
        {
            for (int j = 0; j < Width; j += side)
            {
                float* x = from + i * Width + j, y = to + j * Width + i;
                if (Avx.IsSupported) TransposeEight(x, y);
                else
                    for (int k = 0; k < side * side; k++) y[k % side * Width + k / side] = x[k / side * Width + k % side];
            }
        }
    }

    /// <summary>8 by 8: pairs of rows are interleaved, then pairs of those, then halves are exchanged.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeEight(float* x, float* y)
    {
        Vector256<float> a = Vector256.Load(x), b = Vector256.Load(x + Width), c = Vector256.Load(x + 2 * Width), d = Vector256.Load(x + 3 * Width);
        Vector256<float> e = Vector256.Load(x + 4 * Width), f = Vector256.Load(x + 5 * Width), g = Vector256.Load(x + 6 * Width), h = Vector256.Load(x + 7 * Width);
        Vector256<float> ab = Avx.UnpackLow(a, b), ab2 = Avx.UnpackHigh(a, b), cd = Avx.UnpackLow(c, d), cd2 = Avx.UnpackHigh(c, d);
        Vector256<float> ef = Avx.UnpackLow(e, f), ef2 = Avx.UnpackHigh(e, f), gh = Avx.UnpackLow(g, h), gh2 = Avx.UnpackHigh(g, h);
        Store(Avx.Shuffle(ab, cd, 0x44), Avx.Shuffle(ef, gh, 0x44), y);
        Store(Avx.Shuffle(ab, cd, 0xEE), Avx.Shuffle(ef, gh, 0xEE), y + Width);
        Store(Avx.Shuffle(ab2, cd2, 0x44), Avx.Shuffle(ef2, gh2, 0x44), y + 2 * Width);
        Store(Avx.Shuffle(ab2, cd2, 0xEE), Avx.Shuffle(ef2, gh2, 0xEE), y + 3 * Width);
    }

    /// <summary>The lower halves side by side, and the upper halves four rows on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> left, Vector256<float> right, float* y)
    {
        Avx.Permute2x128(left, right, 0x20).Store(y);
        Avx.Permute2x128(left, right, 0x31).Store(y + 4 * Width);
    }
}
