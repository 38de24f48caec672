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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

internal readonly unsafe struct RotateJob(TensorView fused, AttentionShape shape, TensorView cosines, TensorView sines) : IJob
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int first, int last)
    {
        int half = shape.HeadDimension / 2;
        for (int row = first; row < last; row++)
        {
            float* c = cosines.Pointer(row), s = sines.Pointer(row);
            for (int head = 0; head < shape.Heads + shape.KeyValueHeads; head++)
            {
                float* x = fused.Pointer(row) + head * shape.HeadDimension;
                for (int i = 0; i < half; i++)
                {
                    float a = x[i], b = x[i + half];
                    x[i] = a * c[i] - b * s[i];
                    x[i + half] = b * c[i] + a * s[i];
                }
            }
        }
    }
}

internal readonly unsafe struct EmbedJob(TensorView output, int* ids, PanelMatrix table) : IJob
{
    // The panels are reached through a handle because jobs are unmanaged.
    private readonly nint _first = (nint)table.Panel(0);
    private readonly long _panelBytes = table.PanelBytes;
    private readonly DType _type = table.Type;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int first, int last)
    {
        for (int row = first; row < last; row++)
            PanelMatrix.ReadRow((byte*)_first + ids[row] / PanelMatrix.Width * _panelBytes, ids[row] % PanelMatrix.Width, _type, output.Columns, output.Pointer(row));
    }
}

/// <summary>Element by element over rows: one of the small functions between the matrix products.</summary>
internal readonly unsafe struct ElementJob<TLanes, TFunction>(TensorView output, TensorView a, TensorView b) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
    where TFunction : unmanaged, IElementFunction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int first, int last)
    {
        for (int row = first; row < last; row++)
        {
            float* x = a.Pointer(row), z = b.Pointer(row), y = output.Pointer(row);
            int i = 0;
            for (; i + 16 <= output.Columns; i += 16) TFunction.Apply(TLanes.Load(x + i), TLanes.Load(z + i)).Store(y + i);
            if (i < output.Columns) Tail(x + i, z + i, y + i, output.Columns - i);
        }
    }

    /// <summary>The last columns, through a copy: a slice's neighbours are not padding.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tail(float* x, float* z, float* y, int count)
    {
        float* copy = stackalloc float[48];
        for (int i = 0; i < 16; i++)
        {
            copy[i] = i < count ? x[i] : 0;
            copy[16 + i] = i < count ? z[i] : 0;
        }
        TFunction.Apply(TLanes.Load(copy), TLanes.Load(copy + 16)).Store(copy + 32);
        for (int i = 0; i < count; i++) y[i] = copy[32 + i];
    }
}

internal interface IElementFunction
{
    static abstract TLanes Apply<TLanes>(TLanes a, TLanes b) where TLanes : unmanaged, ILanes<TLanes>;
}

internal readonly struct AddFunction : IElementFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes a, TLanes b) where TLanes : unmanaged, ILanes<TLanes> => a + b;
}

internal readonly struct MultiplyFunction : IElementFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes a, TLanes b) where TLanes : unmanaged, ILanes<TLanes> => a * b;
}

internal readonly struct SiluFunction : IElementFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes a, TLanes b) where TLanes : unmanaged, ILanes<TLanes> => Transcendental.Silu(a);
}

internal readonly struct SiluMultiplyFunction : IElementFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes a, TLanes b) where TLanes : unmanaged, ILanes<TLanes> => Transcendental.Silu(a) * b;
}
