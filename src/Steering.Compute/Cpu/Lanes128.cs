using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Steering.Compute.Cpu;

/// <summary>Sixteen lanes in four 128-bit vectors: what every processor has; without any vector unit the runtime does it value by value.</summary>
internal readonly unsafe struct Lanes128(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d) : ILanes<Lanes128>
{
    private readonly Vector128<float> _a = a;
    private readonly Vector128<float> _b = b;
    private readonly Vector128<float> _c = c;
    private readonly Vector128<float> _d = d;

    public static int RowsPerTile => 2;

    public static Lanes128 Zero => new(Vector128<float>.Zero, Vector128<float>.Zero, Vector128<float>.Zero, Vector128<float>.Zero);

    public float First => _a.ToScalar();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* p) => new(Vector128.Load(p), Vector128.Load(p + 4), Vector128.Load(p + 8), Vector128.Load(p + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(float value) => new(Vector128.Create(value), Vector128.Create(value), Vector128.Create(value), Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 FusedMultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) =>
        new(Vector128.FusedMultiplyAdd(a._a, b._a, c._a), Vector128.FusedMultiplyAdd(a._b, b._b, c._b), Vector128.FusedMultiplyAdd(a._c, b._c, c._c), Vector128.FusedMultiplyAdd(a._d, b._d, c._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 a, Lanes128 b) => new(a._a + b._a, a._b + b._b, a._c + b._c, a._d + b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 a, Lanes128 b) => new(a._a - b._a, a._b - b._b, a._c - b._c, a._d - b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 a, Lanes128 b) => new(a._a * b._a, a._b * b._b, a._c * b._c, a._d * b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator /(Lanes128 a, Lanes128 b) => new(a._a / b._a, a._b / b._b, a._c / b._c, a._d / b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 a, Lanes128 b) => new(
        Vector128.ConditionalSelect(Vector128.GreaterThan(a._a, b._a), a._a, b._a),
        Vector128.ConditionalSelect(Vector128.GreaterThan(a._b, b._b), a._b, b._b),
        Vector128.ConditionalSelect(Vector128.GreaterThan(a._c, b._c), a._c, b._c),
        Vector128.ConditionalSelect(Vector128.GreaterThan(a._d, b._d), a._d, b._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Min(Lanes128 a, Lanes128 b) => new(
        Vector128.ConditionalSelect(Vector128.LessThan(a._a, b._a), a._a, b._a),
        Vector128.ConditionalSelect(Vector128.LessThan(a._b, b._b), a._b, b._b),
        Vector128.ConditionalSelect(Vector128.LessThan(a._c, b._c), a._c, b._c),
        Vector128.ConditionalSelect(Vector128.LessThan(a._d, b._d), a._d, b._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* p)
    {
        _a.Store(p);
        _b.Store(p + 4);
        _c.Store(p + 8);
        _d.Store(p + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes128 KeepFirst(int count, float value) => new(Split(_a, Vector128.Create(value), 0, count), Split(_b, Vector128.Create(value), 4, count), Split(_c, Vector128.Create(value), 8, count), Split(_d, Vector128.Create(value), 12, count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes128 KeepFrom(int count, float value) => new(Split(Vector128.Create(value), _a, 0, count), Split(Vector128.Create(value), _b, 4, count), Split(Vector128.Create(value), _c, 8, count), Split(Vector128.Create(value), _d, 12, count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes128 ScaleByPowerOfTwo(Lanes128 shifted) => new(
        (_a.AsInt32() + (shifted._a.AsInt32() << 23)).AsSingle(),
        (_b.AsInt32() + (shifted._b.AsInt32() << 23)).AsSingle(),
        (_c.AsInt32() + (shifted._c.AsInt32() << 23)).AsSingle(),
        (_d.AsInt32() + (shifted._d.AsInt32() << 23)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => LaneTree.Sum(_a + _c + (_b + _d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float MaxAcross() => LaneTree.Max(Vector128.MaxNative(Vector128.MaxNative(_a, _c), Vector128.MaxNative(_b, _d)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadBf16Pairs(byte* p, out Lanes128 even, out Lanes128 odd)
    {
        var mask = Vector128.Create(0xFFFF0000u);
        var a = Vector128.Load((uint*)p);
        var b = Vector128.Load((uint*)p + 4);
        var c = Vector128.Load((uint*)p + 8);
        var d = Vector128.Load((uint*)p + 12);
        even = new((a << 16).AsSingle(), (b << 16).AsSingle(), (c << 16).AsSingle(), (d << 16).AsSingle());
        odd = new((a & mask).AsSingle(), (b & mask).AsSingle(), (c & mask).AsSingle(), (d & mask).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadF16(Half* p)
    {
        var (a, b) = Vector128.Widen(Vector128.Load((ushort*)p));
        var (c, d) = Vector128.Widen(Vector128.Load((ushort*)p + 8));
        return new(Widen(a << 16), Widen(b << 16), Widen(c << 16), Widen(d << 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 BroadcastBits(int bits) => new(Vector128.Create(bits).AsSingle(), Vector128.Create(bits).AsSingle(), Vector128.Create(bits).AsSingle(), Vector128.Create(bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 AddDots(Lanes128 sum, Lanes128 bytes, int x) => new(Dots(sum._a, bytes._a, x), Dots(sum._b, bytes._b, x), Dots(sum._c, bytes._c, x), Dots(sum._d, bytes._d, x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes128 Bits(int shift, uint mask) => new(((_a.AsUInt32() >> shift) & Vector128.Create(mask)).AsSingle(), ((_b.AsUInt32() >> shift) & Vector128.Create(mask)).AsSingle(), ((_c.AsUInt32() >> shift) & Vector128.Create(mask)).AsSingle(), ((_d.AsUInt32() >> shift) & Vector128.Create(mask)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes128 ShiftLeft8Plus(Lanes128 low) => new(((_a.AsInt32() << 8) + low._a.AsInt32()).AsSingle(), ((_b.AsInt32() << 8) + low._b.AsInt32()).AsSingle(), ((_c.AsInt32() << 8) + low._c.AsInt32()).AsSingle(), ((_d.AsInt32() << 8) + low._d.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes128 ToSingle() => new(Vector128.ConvertToSingle(_a.AsInt32()), Vector128.ConvertToSingle(_b.AsInt32()), Vector128.ConvertToSingle(_c.AsInt32()), Vector128.ConvertToSingle(_d.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Dots(Vector128<float> sum, Vector128<float> bytes, int x)
    {
        var w = bytes.AsInt32();
        var low = Vector128.Create(255);
        return (sum.AsInt32() + (w & low) * (sbyte)x + ((w >> 8) & low) * (sbyte)(x >> 8) + ((w >> 16) & low) * (sbyte)(x >> 16) + (w >>> 24) * (sbyte)(x >> 24)).AsSingle();
    }

    /// <summary>Half precision in the upper 16 bits to f32. The product with 2^112 moves the exponent's bias and normalises subnormals exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Widen(Vector128<uint> half)
    {
        var magnitude = (half >> 3) & Vector128.Create(0x0FFFE000u);
        var scaled = (magnitude.AsSingle() * Vector128.Create(BitConverter.UInt32BitsToSingle(0x77800000u))).AsUInt32();
        var infinite = Vector128.GreaterThanOrEqual(magnitude.AsInt32(), Vector128.Create(0x0F800000)).AsUInt32() & Vector128.Create(0x7F800000u);
        return (scaled | infinite | (half & Vector128.Create(0x80000000u))).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Split(Vector128<float> before, Vector128<float> after, int first, int count)
    {
        var index = Vector128<int>.Indices + Vector128.Create(first);
        return Vector128.ConditionalSelect(Vector128.LessThan(index, Vector128.Create(count)).AsSingle(), before, after);
    }
}
