namespace Steering.Engine.Loading.Gguf;

/// <summary>Where a GGUF file keeps a metadata value; <see cref="GgufFile.Value"/> reads it.</summary>
/// <param name="Type">Of the value; an array says the type of its elements in its first bytes.</param>
/// <param name="Offset">First byte of the value, counted from the start of the file.</param>
/// <param name="Length">Bytes.</param>
public sealed record GgufField(GgufValueType Type, long Offset, int Length);
