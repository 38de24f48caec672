using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>Element by element over rows: one of the small functions between the matrix products.</summary>
internal readonly unsafe struct ElementJob<TLanes, TFunction>(TensorView output, TensorView a, TensorView b) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
    where TFunction : unmanaged, IElementFunction
{
    [MethodImpl(Compiled.Apart)]
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

/// <summary>x = cap tanh(x / cap) over whole rows, padding included: tanh 0 is 0.</summary>
internal readonly unsafe struct SoftCapJob<TLanes>(TensorView rows, float cap) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        for (int row = first; row < last; row++)
        {
            float* x = rows.Pointer(row);
            for (int i = 0; i < rows.Columns; i += 16) Transcendental.SoftCap(TLanes.Load(x + i), cap).Store(x + i);
        }
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

/// <summary>activation(a), b unused.</summary>
internal readonly struct ActivateFunction<TActivation> : IElementFunction where TActivation : unmanaged, IActivationFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes a, TLanes b) where TLanes : unmanaged, ILanes<TLanes> => TActivation.Of(a);
}

/// <summary>activation(a) * b.</summary>
internal readonly struct GateFunction<TActivation> : IElementFunction where TActivation : unmanaged, IActivationFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes a, TLanes b) where TLanes : unmanaged, ILanes<TLanes> => TActivation.Of(a) * b;
}

/// <summary>b times the derivative of the activation at a.</summary>
internal readonly struct SlopeFunction<TActivation> : IElementFunction where TActivation : unmanaged, IActivationFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes a, TLanes b) where TLanes : unmanaged, ILanes<TLanes> => TActivation.Slope(a) * b;
}

internal interface IActivationFunction
{
    static abstract TLanes Of<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes>;

    /// <summary>The derivative.</summary>
    static abstract TLanes Slope<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes>;
}

internal readonly struct SiluActivation : IActivationFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes> => Transcendental.Silu(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Slope<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes> => Transcendental.SiluSlope(x);
}

internal readonly struct GeluActivation : IActivationFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes> => Transcendental.Gelu(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Slope<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes> => Transcendental.GeluSlope(x);
}

internal readonly struct GeluTanhActivation : IActivationFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes> => Transcendental.GeluTanh(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Slope<TLanes>(TLanes x) where TLanes : unmanaged, ILanes<TLanes> => Transcendental.GeluTanhSlope(x);
}
