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
    /// <summary>The same with 4-bit integers: ggml's Q4_0, Q4_1 and Q4_K.</summary>
    Int4,
}

public static class DTypes
{
    /// <summary>Bytes per value of the types that are not quantised.</summary>
    public static int Size(this DType type) => type switch { DType.F32 => 4, DType.Bf16 or DType.F16 => 2, _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Quantised values have no size of their own.") };

    /// <summary>The name users read: <c>f32</c>, <c>bf16</c>, <c>f16</c>, <c>int8</c>, <c>int4</c>.</summary>
    public static string Name(this DType type) => type switch { DType.F32 => "f32", DType.Bf16 => "bf16", DType.F16 => "f16", DType.Int8 => "int8", _ => "int4" };

    public static bool IsQuantised(this DType type) => type is DType.Int8 or DType.Int4;
}
