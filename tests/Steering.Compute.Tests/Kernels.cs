using Steering.Compute;
using Steering.Compute.Cpu;

namespace Steering.Tests;

/// <summary>The kernels this processor can run, and random tensors to run them on.</summary>
internal static class Kernels
{
    /// <summary>Every choice of kernels that works here; "portable" always does.</summary>
    public static TheoryData<string> Available()
    {
        var names = new TheoryData<string>();
        foreach (string name in CpuBackend.Names)
        {
            try
            {
                CpuBackend.Create(1, name).Dispose();
                names.Add(name);
            }
            catch (PlatformNotSupportedException)
            {
                // not on this processor: the others stand for it
            }
        }
        return names;
    }

    public static TensorView Random(Arena arena, int rows, int columns, int seed, float scale = 1)
    {
        var view = arena.Matrix(rows, columns);
        var random = new Random(seed);
        for (int i = 0; i < rows; i++)
            foreach (ref float value in view.Row(i)) value = scale * (float)(random.NextDouble() * 2 - 1);
        return view;
    }

    /// <summary>Random weights of a type, with the exact f32 values they stand for.</summary>
    public static unsafe (WeightMatrix Weights, float[] Values) RandomWeights(IKernels kernels, DType type, int rows, int columns, int seed)
    {
        var random = new Random(seed);
        var values = new float[rows * columns];
        using var source = new DeviceBuffer((long)values.Length * type.Size());
        for (int i = 0; i < values.Length; i++)
        {
            float value = (float)(random.NextDouble() * 2 - 1) * (i % 7 == 0 ? 1e-6f : 1);
            if (type == DType.F32) source.Span<float>()[i] = values[i] = value;
            else if (type == DType.Bf16)
            {
                ushort bits = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
                source.Span<ushort>()[i] = bits;
                values[i] = BitConverter.UInt32BitsToSingle((uint)bits << 16);
            }
            else
            {
                source.Span<Half>()[i] = (Half)value;
                values[i] = (float)(Half)value;
            }
        }
        return (kernels.CreateWeights([new WeightSource(source.Address, type, rows, columns)]), values);
    }
}
