using Steering.Compute;
using Steering.Compute.Quantised;

namespace SteeringServer.Benchmarks.Kernels;

/// <summary>Random matrices in a backend's layout.</summary>
internal static class Matrices
{
    public static WeightMatrix Random(IKernels backend, DType type, int outputs, int inputs)
    {
        var random = new Random(1);
        var q8 = BlockFormat.All.Single(format => format.Name == "Q8_0");
        long count = (long)outputs * inputs;
        using var source = new DeviceBuffer(type == DType.Int8 ? count / q8.Values * q8.Bytes : count * type.Size());
        if (type == DType.F32)
            foreach (ref float value in source.Span<float>()) value = random.NextSingle() - 0.5f;
        else if (type == DType.Int8)
            foreach (ref byte value in source.Span<byte>()) value = (byte)random.Next(0x48); // every two of them are a finite half
        else
            foreach (ref ushort value in source.Span<ushort>()) value = (ushort)(0x3c00 + random.Next(0x100) + random.Next(2) * 0x8000);
        return backend.CreateWeights([new WeightSource(source.Address, type, outputs, inputs, type == DType.Int8 ? q8 : null)]);
    }
}
