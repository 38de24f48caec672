namespace Steering.Compute;

/// <summary>How a weight is kept in memory. Activations are always f32.</summary>
public enum DType
{
    F32,
    /// <summary>The upper half of an f32: widening is exact.</summary>
    Bf16,
    /// <summary>IEEE half precision: widening is exact.</summary>
    F16,
    /// <summary>8-bit integers times a scale, plus an offset for some sources, for every 16 or 32 inputs of an output: what every block-quantised format of ggml is, its values unchanged.</summary>
    Int8,
}

public static class DTypes
{
    /// <summary>Bytes per value, scales not counted.</summary>
    public static int Size(this DType type) => type switch { DType.F32 => 4, DType.Int8 => 1, _ => 2 };

    /// <summary>The name users read and write: <c>f32</c>, <c>bf16</c>, <c>f16</c>, <c>int8</c>.</summary>
    public static string Name(this DType type) => type switch { DType.F32 => "f32", DType.Bf16 => "bf16", DType.F16 => "f16", _ => "int8" };
}
