namespace Steering.Engine.Loading;

/// <summary>How the elements of a stored tensor are encoded, little-endian.</summary>
public enum ElementType
{
    /// <summary>A name that this program does not know; the tensor's bytes can be skipped but not read.</summary>
    Unknown,
    Float32,
    Float16,
    BFloat16,
    Float64,
    Int64,
    Int32,
    Int16,
    Int8,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Bool,
    /// <summary>A type that the file format knows and this program does not compute with: quantised blocks, 8-bit floats, complex numbers.</summary>
    Unsupported,
}

/// <summary>Names and widths of element types in safetensors files.</summary>
internal static class ElementTypes
{
    /// <summary>What error messages offer instead of an unusable type.</summary>
    public const string Readable = "F32, F16, BF16 and F64";

    /// <summary>The type of a name in a header, and its bytes per element (0 where unknown).</summary>
    public static (ElementType Type, int Width) Parse(string name) => name switch
    {
        "F32" => (ElementType.Float32, 4),
        "F16" => (ElementType.Float16, 2),
        "BF16" => (ElementType.BFloat16, 2),
        "F64" => (ElementType.Float64, 8),
        "I64" => (ElementType.Int64, 8),
        "I32" => (ElementType.Int32, 4),
        "I16" => (ElementType.Int16, 2),
        "I8" => (ElementType.Int8, 1),
        "U8" => (ElementType.UInt8, 1),
        "BOOL" => (ElementType.Bool, 1),
        "F8_E4M3" or "F8_E5M2" or "F8_E8M0" or "F8_E4M3FNUZ" or "F8_E5M2FNUZ" => (ElementType.Unsupported, 1),
        "U16" => (ElementType.UInt16, 2),
        "U32" => (ElementType.UInt32, 4),
        "U64" => (ElementType.UInt64, 8),
        "C64" => (ElementType.Unsupported, 8),
        _ => (ElementType.Unknown, 0),
    };

    /// <summary>True for the float types.</summary>
    public static bool IsFloat(ElementType type) => type is ElementType.Float32 or ElementType.Float16 or ElementType.BFloat16 or ElementType.Float64;
}
