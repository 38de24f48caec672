using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Steering.Compute.Cpu;

/// <summary>Sixteen lanes in one AVX-512 register.</summary>
internal readonly unsafe struct Lanes512(Vector512<float> a) : ILanes<Lanes512>
{
    private readonly Vector512<float> _a = a;

    public static int RowsPerTile => 8;

    public static Lanes512 Zero => new(Vector512<float>.Zero);

    public float First => _a.ToScalar();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(float* p) => new(Vector512.Load(p));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 FusedMultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) =>
        new(Vector512.FusedMultiplyAdd(a._a, b._a, c._a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator +(Lanes512 a, Lanes512 b) => new(a._a + b._a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator -(Lanes512 a, Lanes512 b) => new(a._a - b._a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator *(Lanes512 a, Lanes512 b) => new(a._a * b._a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator /(Lanes512 a, Lanes512 b) => new(a._a / b._a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 a, Lanes512 b) => new(Avx512F.Max(a._a, b._a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Min(Lanes512 a, Lanes512 b) => new(Avx512F.Min(a._a, b._a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* p)
    {
        _a.Store(p);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes512 KeepFirst(int count, float value) => new(Split(_a, Vector512.Create(value), 0, count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes512 KeepFrom(int count, float value) => new(Split(Vector512.Create(value), _a, 0, count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes512 ScaleByPowerOfTwo(Lanes512 shifted) => new(
        (_a.AsInt32() + (shifted._a.AsInt32() << 23)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum()
    {
        var eight = _a.GetLower() + _a.GetUpper();
        return LaneTree.Sum(eight.GetLower() + eight.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float MaxAcross()
    {
        var eight = Vector256.MaxNative(_a.GetLower(), _a.GetUpper());
        return LaneTree.Max(Vector128.MaxNative(eight.GetLower(), eight.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadBf16Pairs(byte* p, out Lanes512 even, out Lanes512 odd)
    {
        var mask = Vector512.Create(0xFFFF0000u);
        var a = Vector512.Load((uint*)p);
        even = new((a << 16).AsSingle());
        odd = new((a & mask).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadF16(Half* p) => new(Widen(Avx512F.ConvertToVector512UInt32(Vector256.Load((ushort*)p)) << 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 BroadcastBits(int bits) => new(Vector512.Create(bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 AddDots(Lanes512 sum, Lanes512 bytes, int x) => new(Dots(sum._a, bytes._a, x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes512 Bits(int shift, uint mask) => new(((_a.AsUInt32() >> shift) & Vector512.Create(mask)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes512 ShiftLeft8Plus(Lanes512 low) => new(((_a.AsInt32() << 8) + low._a.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes512 ToSingle() => new(Vector512.ConvertToSingle(_a.AsInt32()));

    /// <summary>Bytes 0 and 2, and 1 and 3, as pairs of 16 bits: no sum can overflow, so the integers are exact as everywhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Dots(Vector512<float> sum, Vector512<float> bytes, int x)
    {
        var pairs = Vector512.Create(0x00FF00FF);
        var even = Vector512.Create((ushort)(sbyte)x + ((sbyte)(x >> 16) << 16)).AsInt16();
        var odd = Vector512.Create((ushort)(sbyte)(x >> 8) + ((sbyte)(x >> 24) << 16)).AsInt16();
        var w = bytes.AsInt32();
        return (sum.AsInt32() + Avx512BW.MultiplyAddAdjacent((w & pairs).AsInt16(), even) + Avx512BW.MultiplyAddAdjacent(((w >>> 8) & pairs).AsInt16(), odd)).AsSingle();
    }

    /// <summary>Half precision in the upper 16 bits to f32. The product with 2^112 moves the exponent's bias and normalises subnormals exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Widen(Vector512<uint> half)
    {
        var magnitude = (half >> 3) & Vector512.Create(0x0FFFE000u);
        var scaled = (magnitude.AsSingle() * Vector512.Create(BitConverter.UInt32BitsToSingle(0x77800000u))).AsUInt32();
        var infinite = Vector512.GreaterThanOrEqual(magnitude.AsInt32(), Vector512.Create(0x0F800000)).AsUInt32() & Vector512.Create(0x7F800000u);
        return (scaled | infinite | (half & Vector512.Create(0x80000000u))).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Split(Vector512<float> before, Vector512<float> after, int first, int count)
    {
        var index = Vector512<int>.Indices + Vector512.Create(first);
        return Vector512.ConditionalSelect(Vector512.LessThan(index, Vector512.Create(count)).AsSingle(), before, after);
    }
}
