using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Steering.Compute.Cpu;

/// <summary>Sixteen lanes in two AVX2 registers.</summary>
internal readonly unsafe struct Lanes256(Vector256<float> a, Vector256<float> b) : ILanes<Lanes256>
{
    private readonly Vector256<float> _a = a;
    private readonly Vector256<float> _b = b;

    public static int RowsPerTile => 2;

    public static Lanes256 Zero => new(Vector256<float>.Zero, Vector256<float>.Zero);

    public float First => _a.ToScalar();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* p) => new(Vector256.Load(p), Vector256.Load(p + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value) => new(Vector256.Create(value), Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 FusedMultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) =>
        new(Vector256.FusedMultiplyAdd(a._a, b._a, c._a), Vector256.FusedMultiplyAdd(a._b, b._b, c._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 a, Lanes256 b) => new(a._a + b._a, a._b + b._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 a, Lanes256 b) => new(a._a - b._a, a._b - b._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 a, Lanes256 b) => new(a._a * b._a, a._b * b._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator /(Lanes256 a, Lanes256 b) => new(a._a / b._a, a._b / b._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 a, Lanes256 b) => new(Avx.Max(a._a, b._a), Avx.Max(a._b, b._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Min(Lanes256 a, Lanes256 b) => new(Avx.Min(a._a, b._a), Avx.Min(a._b, b._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* p)
    {
        _a.Store(p);
        _b.Store(p + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes256 KeepFirst(int count, float value) => new(Split(_a, Vector256.Create(value), 0, count), Split(_b, Vector256.Create(value), 8, count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes256 KeepFrom(int count, float value) => new(Split(Vector256.Create(value), _a, 0, count), Split(Vector256.Create(value), _b, 8, count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes256 ScaleByPowerOfTwo(Lanes256 shifted) => new(
        (_a.AsInt32() + (shifted._a.AsInt32() << 23)).AsSingle(),
        (_b.AsInt32() + (shifted._b.AsInt32() << 23)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum()
    {
        var eight = _a + _b;
        return LaneTree.Sum(eight.GetLower() + eight.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float MaxAcross()
    {
        var eight = Vector256.MaxNative(_a, _b);
        return LaneTree.Max(Vector128.MaxNative(eight.GetLower(), eight.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadBf16Pairs(byte* p, out Lanes256 even, out Lanes256 odd)
    {
        var mask = Vector256.Create(0xFFFF0000u);
        var a = Vector256.Load((uint*)p);
        var b = Vector256.Load((uint*)p + 8);
        even = new((a << 16).AsSingle(), (b << 16).AsSingle());
        odd = new((a & mask).AsSingle(), (b & mask).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadF16(Half* p) => new(Widen(Avx2.ConvertToVector256Int32((ushort*)p).AsUInt32() << 16), Widen(Avx2.ConvertToVector256Int32((ushort*)p + 8).AsUInt32() << 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 BroadcastBits(int bits) => new(Vector256.Create(bits).AsSingle(), Vector256.Create(bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AddDots(Lanes256 sum, Lanes256 bytes, int x) => new(Dots(sum._a, bytes._a, x), Dots(sum._b, bytes._b, x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes256 Bits(int shift, uint mask) => new(((_a.AsUInt32() >> shift) & Vector256.Create(mask)).AsSingle(), ((_b.AsUInt32() >> shift) & Vector256.Create(mask)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes256 ShiftLeft8Plus(Lanes256 low) => new(((_a.AsInt32() << 8) + low._a.AsInt32()).AsSingle(), ((_b.AsInt32() << 8) + low._b.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes256 ToSingle() => new(Vector256.ConvertToSingle(_a.AsInt32()), Vector256.ConvertToSingle(_b.AsInt32()));

    /// <summary>Bytes 0 and 2, and 1 and 3, as pairs of 16 bits: no sum can overflow, so the integers are exact as everywhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Dots(Vector256<float> sum, Vector256<float> bytes, int x)
    {
        if (AvxVnni.IsSupported) return AvxVnni.MultiplyWideningAndAdd(sum.AsInt32(), bytes.AsByte(), Vector256.Create(x).AsSByte()).AsSingle();
        var pairs = Vector256.Create(0x00FF00FF);
        var even = Vector256.Create((ushort)(sbyte)x + ((sbyte)(x >> 16) << 16)).AsInt16();
        var odd = Vector256.Create((ushort)(sbyte)(x >> 8) + ((sbyte)(x >> 24) << 16)).AsInt16();
        var w = bytes.AsInt32();
        return (sum.AsInt32() + Avx2.MultiplyAddAdjacent((w & pairs).AsInt16(), even) + Avx2.MultiplyAddAdjacent(((w >>> 8) & pairs).AsInt16(), odd)).AsSingle();
    }

    /// <summary>Half precision in the upper 16 bits to f32. The product with 2^112 moves the exponent's bias and normalises subnormals exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Widen(Vector256<uint> half)
    {
        var magnitude = (half >> 3) & Vector256.Create(0x0FFFE000u);
        var scaled = (magnitude.AsSingle() * Vector256.Create(BitConverter.UInt32BitsToSingle(0x77800000u))).AsUInt32();
        var infinite = Vector256.GreaterThanOrEqual(magnitude.AsInt32(), Vector256.Create(0x0F800000)).AsUInt32() & Vector256.Create(0x7F800000u);
        return (scaled | infinite | (half & Vector256.Create(0x80000000u))).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Split(Vector256<float> before, Vector256<float> after, int first, int count)
    {
        var index = Vector256<int>.Indices + Vector256.Create(first);
        return Vector256.ConditionalSelect(Vector256.LessThan(index, Vector256.Create(count)).AsSingle(), before, after);
    }
}
