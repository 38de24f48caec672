using Steering.Engine.Loading;

namespace Steering.Engine.Vectors;

/// <summary>An element type that numpy and torch share, by the name both give it.</summary>
/// <param name="Name"><c>float32</c>.</param>
/// <param name="Element">How its elements are encoded, little-endian.</param>
/// <param name="Width">Bytes per element.</param>
internal sealed record StoredType(string Name, ElementType Element, int Width)
{
    private static readonly StoredType[] All =
    [
        new("float64", ElementType.Float64, 8), new("float32", ElementType.Float32, 4), new("float16", ElementType.Float16, 2), new("bfloat16", ElementType.BFloat16, 2),
        new("int64", ElementType.Int64, 8), new("int32", ElementType.Int32, 4), new("int16", ElementType.Int16, 2), new("int8", ElementType.Int8, 1),
        new("uint64", ElementType.UInt64, 8), new("uint32", ElementType.UInt32, 4), new("uint16", ElementType.UInt16, 2), new("uint8", ElementType.UInt8, 1),
        new("bool", ElementType.Bool, 1),
    ];

    /// <summary>The type of this name; null for those that are not read: complex, quantised, 8-bit floats, text.</summary>
    public static StoredType? Find(string name) => Array.Find(All, type => type.Name == name);
}
