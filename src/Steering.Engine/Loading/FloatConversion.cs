using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Steering.Engine.Loading;

/// <summary>Stored numbers to f32: exact for F32, F16, BF16 and whole numbers up to 2^24, rounded to nearest even for F64 and larger whole numbers; a true boolean is 1.</summary>
internal static class FloatConversion
{
    /// <param name="bytes">Little-endian elements; exactly <paramref name="values"/>.Length of them.</param>
    /// <param name="type">Any type but <see cref="ElementType.Unknown"/> and <see cref="ElementType.Unsupported"/>.</param>
    /// <param name="values">Where they go.</param>
    public static void Widen(ReadOnlySpan<byte> bytes, ElementType type, Span<float> values)
    {
        switch (type)
        {
            case ElementType.Float32:
                for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * 4)..]);
                break;
            case ElementType.Float16:
                for (int i = 0; i < values.Length; i++) values[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(i * 2)..]);
                break;
            case ElementType.BFloat16:
                for (int i = 0; i < values.Length; i++) values[i] = BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * 2)..]) << 16);
                break;
            case ElementType.Float64:
                for (int i = 0; i < values.Length; i++) values[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(i * 8)..]);
                break;
            case ElementType.Int64: WidenIntegers<long>(bytes, values); break;
            case ElementType.Int32: WidenIntegers<int>(bytes, values); break;
            case ElementType.Int16: WidenIntegers<short>(bytes, values); break;
            case ElementType.Int8: WidenIntegers<sbyte>(bytes, values); break;
            case ElementType.UInt64: WidenIntegers<ulong>(bytes, values); break;
            case ElementType.UInt32: WidenIntegers<uint>(bytes, values); break;
            case ElementType.UInt16: WidenIntegers<ushort>(bytes, values); break;
            case ElementType.UInt8: WidenIntegers<byte>(bytes, values); break;
            case ElementType.Bool:
                for (int i = 0; i < values.Length; i++) values[i] = bytes[i] == 0 ? 0 : 1;
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "not a type of numbers that is known");
        }
    }

    private static void WidenIntegers<T>(ReadOnlySpan<byte> bytes, Span<float> values) where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        int width = Unsafe.SizeOf<T>();
        for (int i = 0; i < values.Length; i++) values[i] = float.CreateTruncating(T.ReadLittleEndian(bytes.Slice(i * width, width), isUnsigned: T.IsZero(T.MinValue)));
    }
}
