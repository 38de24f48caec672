using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu.Gradients;

/// <summary>y = x r w with r = 1 / sqrt(mean(x^2) + epsilon): dL/dx = r (g w - x r^2 mean(g w x)).</summary>
internal readonly unsafe struct RmsNormGradientJob<TLanes>(TensorView target, TensorView gradient, TensorView input, float* weight, float epsilon) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        int columns = input.Columns;
        for (int row = first; row < last; row++)
        {
            float* x = input.Pointer(row), g = gradient.Pointer(row), y = target.Pointer(row);
            TLanes squares = TLanes.Zero, along = TLanes.Zero;
            for (int i = 0; i < columns; i += 16)
            {
                var value = TLanes.Load(x + i);
                squares = TLanes.FusedMultiplyAdd(value, value, squares);
                along = TLanes.FusedMultiplyAdd(TLanes.Load(g + i) * TLanes.Load(weight + i), value, along);
            }
            float r = 1f / MathF.Sqrt(squares.Sum() / columns + epsilon);
            TLanes scale = TLanes.Broadcast(r), pull = TLanes.Broadcast(-r * r * r * along.Sum() / columns);
            for (int i = 0; i < columns; i += 16)
            {
                var own = TLanes.Load(g + i) * TLanes.Load(weight + i) * scale;
                (TLanes.Load(y + i) + TLanes.FusedMultiplyAdd(TLanes.Load(x + i), pull, own)).Store(y + i);
            }
        }
    }
}

/// <summary>y = n w + b with n = (x - mean) r: dL/dx = r (g w - mean(g w) - n mean(g w n)).</summary>
internal readonly unsafe struct LayerNormGradientJob<TLanes>(TensorView target, TensorView gradient, TensorView input, float* weight, float epsilon) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        int columns = input.Columns;
        for (int row = first; row < last; row++)
        {
            float* x = input.Pointer(row), g = gradient.Pointer(row), y = target.Pointer(row);
            TLanes sum = TLanes.Zero, squares = TLanes.Zero, total = TLanes.Zero, along = TLanes.Zero;
            for (int i = 0; i < columns; i += 16) sum += TLanes.Load(x + i);
            var mean = TLanes.Broadcast(sum.Sum() / columns);
            for (int i = 0; i < columns; i += 16)
            {
                TLanes centred = (TLanes.Load(x + i) - mean).KeepFirst(columns - i, 0), own = TLanes.Load(g + i) * TLanes.Load(weight + i);
                squares = TLanes.FusedMultiplyAdd(centred, centred, squares);
                total += own;
                along = TLanes.FusedMultiplyAdd(own, centred, along);
            }
            float r = 1f / MathF.Sqrt(squares.Sum() / columns + epsilon);
            TLanes scale = TLanes.Broadcast(r), average = TLanes.Broadcast(total.Sum() / columns), pull = TLanes.Broadcast(-r * r * along.Sum() / columns);
            for (int i = 0; i < columns; i += 16)
            {
                var own = TLanes.Load(g + i) * TLanes.Load(weight + i) - average;
                var slope = TLanes.FusedMultiplyAdd(TLanes.Load(x + i) - mean, pull, own) * scale;
                (TLanes.Load(y + i) + slope.KeepFirst(columns - i, 0)).Store(y + i); // the padding stays zero
            }
        }
    }
}

/// <summary><see cref="RmsNormGradientJob{TLanes}"/> in place for every <paramref name="width"/> columns. Heads lie side by side without padding: they go through copies.</summary>
internal readonly unsafe struct RmsNormGroupsGradientJob<TLanes>(TensorView gradient, TensorView input, float* weight, int width, float epsilon) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    public void Run(int first, int last)
    {
        int padded = TensorView.Padded(width);
        float* copies = stackalloc float[3 * padded];
        new Span<float>(copies, 3 * padded).Clear();
        TensorView x = new((nint)copies, 1, width, padded), g = new((nint)(copies + padded), 1, width, padded), y = new((nint)(copies + 2 * padded), 1, width, padded);
        var job = new RmsNormGradientJob<TLanes>(y, g, x, weight, epsilon);
        for (int row = first; row < last; row++)
        {
            for (int group = 0; group < gradient.Columns; group += width)
            {
                var inOut = new Span<float>(gradient.Pointer(row) + group, width);
                new Span<float>(input.Pointer(row) + group, width).CopyTo(x.Row(0));
                inOut.CopyTo(g.Row(0));
                y.Row(0).Clear();
                job.Run(0, 1);
                y.Row(0).CopyTo(inOut);
            }
        }
    }
}
