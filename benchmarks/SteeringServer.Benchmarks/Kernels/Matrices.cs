using Steering.Compute;
using Steering.Compute.Quantised;

namespace SteeringServer.Benchmarks.Kernels;

/// <summary>Random matrices in a backend's layout.</summary>
internal static class Matrices
{
    public static WeightMatrix Random(IKernels backend, DType type, string? blocks, int outputs, int inputs)
    {
        var random = new Random(1);
        var format = blocks is null ? null : BlockFormat.All.Single(one => one.Name == blocks);
        long count = (long)outputs * inputs;
        using var source = new DeviceBuffer(format is null ? count * type.Size() : count / format.Values * format.Bytes);
        if (type == DType.F32)
            foreach (ref float value in source.Span<float>()) value = random.NextSingle() - 0.5f;
        else if (format is not null)
            foreach (ref byte value in source.Span<byte>()) value = (byte)random.Next(0x48); // every two of them are a finite half
        else
            foreach (ref ushort value in source.Span<ushort>()) value = (ushort)(0x3c00 + random.Next(0x100) + random.Next(2) * 0x8000);
        return backend.CreateWeights([new WeightSource(source.Address, type, outputs, inputs, format)]);
    }
}
