namespace Steering.Engine.Loading.Gguf;

/// <summary>The types of metadata values in a GGUF file, with the numbers they have there.</summary>
public enum GgufValueType
{
    UInt8 = 0,
    Int8 = 1,
    UInt16 = 2,
    Int16 = 3,
    UInt32 = 4,
    Int32 = 5,
    Float32 = 6,
    Bool = 7,
    String = 8,
    /// <summary>Elements of one type, which may be arrays again.</summary>
    Array = 9,
    UInt64 = 10,
    Int64 = 11,
    Float64 = 12,
}
