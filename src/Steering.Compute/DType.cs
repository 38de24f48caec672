namespace Steering.Compute;

/// <summary>How a weight is stored. Activations are always f32.</summary>
public enum DType
{
    F32,
    /// <summary>The upper half of an f32: widening is exact.</summary>
    Bf16,
    /// <summary>IEEE half precision: widening is exact.</summary>
    F16,
}

public static class DTypes
{
    /// <summary>Bytes per value.</summary>
    public static int Size(this DType type) => type == DType.F32 ? 4 : 2;

    /// <summary>The name users read and write: <c>f32</c>, <c>bf16</c>, <c>f16</c>.</summary>
    public static string Name(this DType type) => type switch { DType.F32 => "f32", DType.Bf16 => "bf16", _ => "f16" };
}
