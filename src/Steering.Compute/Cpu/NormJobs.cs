using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>Sums over a row: 16 lanes of fused multiply-adds over ascending columns, then the fixed tree of <see cref="ILanes{TSelf}.Sum"/>.</summary>
internal static unsafe class RowSums
{
    /// <summary>Dot product of two rows whose padding to 16 is zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Dot<TLanes>(float* a, float* b, int columns) where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes sum = TLanes.Zero;
        for (int i = 0; i < columns; i += 16) sum = TLanes.FusedMultiplyAdd(TLanes.Load(a + i), TLanes.Load(b + i), sum);
        return sum.Sum();
    }

    /// <summary>|a|, with a's padding zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Norm<TLanes>(float* a, int columns) where TLanes : unmanaged, ILanes<TLanes> => MathF.Sqrt(Dot<TLanes>(a, a, columns));
}

internal readonly unsafe struct RmsNormJob<TLanes>(TensorView output, TensorView input, float* weight, float epsilon) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        for (int row = first; row < last; row++)
        {
            float* x = input.Pointer(row), y = output.Pointer(row);
            float mean = RowSums.Dot<TLanes>(x, x, input.Columns) / input.Columns;
            var scale = TLanes.Broadcast(1f / MathF.Sqrt(mean + epsilon));
            // The padding of x and weight is zero, so that of y stays zero.
            for (int i = 0; i < input.Columns; i += 16) (TLanes.Load(x + i) * scale * TLanes.Load(weight + i)).Store(y + i);
        }
    }
}

/// <summary>RmsNorm in place of every <paramref name="width"/> columns of a row: heads lie side by side without padding, so their last lanes go through a copy.</summary>
internal readonly unsafe struct RmsNormGroupsJob<TLanes>(TensorView rows, float* weight, int width, float epsilon) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        float* tail = stackalloc float[16];
        int whole = width / 16 * 16, rest = width - whole;
        for (int row = first; row < last; row++)
        {
            for (int group = 0; group < rows.Columns; group += width)
            {
                float* x = rows.Pointer(row) + group;
                TLanes sum = TLanes.Zero, end = TLanes.Zero;
                for (int i = 0; i < whole; i += 16) sum = TLanes.FusedMultiplyAdd(TLanes.Load(x + i), TLanes.Load(x + i), sum);
                if (rest > 0)
                {
                    for (int i = 0; i < 16; i++) tail[i] = i < rest ? x[whole + i] : 0;
                    end = TLanes.Load(tail);
                    sum = TLanes.FusedMultiplyAdd(end, end, sum);
                }
                var scale = TLanes.Broadcast(1f / MathF.Sqrt(sum.Sum() / width + epsilon));
                for (int i = 0; i < whole; i += 16) (TLanes.Load(x + i) * scale * TLanes.Load(weight + i)).Store(x + i);
                if (rest == 0) continue;
                (end * scale * TLanes.Load(weight + whole)).Store(tail);
                for (int i = 0; i < rest; i++) x[whole + i] = tail[i];
            }
        }
    }
}

internal readonly unsafe struct LayerNormJob<TLanes>(TensorView output, TensorView input, float* weight, float* bias, float epsilon) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        int columns = input.Columns;
        for (int row = first; row < last; row++)
        {
            float* x = input.Pointer(row), y = output.Pointer(row);
            TLanes sum = TLanes.Zero;
            for (int i = 0; i < columns; i += 16) sum += TLanes.Load(x + i);
            var mean = TLanes.Broadcast(sum.Sum() / columns);
            // The padding must not count as values that differ from the mean.
            for (int i = 0; i < columns; i += 16) (TLanes.Load(x + i) - mean).KeepFirst(columns - i, 0).Store(y + i);
            var scale = TLanes.Broadcast(1f / MathF.Sqrt(RowSums.Dot<TLanes>(y, y, columns) / columns + epsilon));
            for (int i = 0; i < columns; i += 16) TLanes.FusedMultiplyAdd(TLanes.Load(y + i) * scale, TLanes.Load(weight + i), TLanes.Load(bias + i)).Store(y + i);
        }
    }
}
