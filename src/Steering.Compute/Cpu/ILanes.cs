namespace Steering.Compute.Cpu;

/// <summary>
/// Sixteen f32 values: the unit every kernel is written in. Three implementations (AVX-512, AVX2, 128-bit portable) give the same bits, because all of them
/// do the same operations on the same lanes in the same order (docs/decisions.md 2).
/// </summary>
internal unsafe interface ILanes<TSelf> where TSelf : unmanaged, ILanes<TSelf>
{
    /// <summary>Rows of activations one tile of the matrix product holds in registers: 8 with 32 registers of 16 lanes, 2 with 16 of 8.</summary>
    static abstract int RowsPerTile { get; }

    static abstract TSelf Zero { get; }
    static abstract TSelf Load(float* p);
    static abstract TSelf Broadcast(float value);

    /// <summary>a * b + c, rounded once.</summary>
    static abstract TSelf FusedMultiplyAdd(TSelf a, TSelf b, TSelf c);

    static abstract TSelf operator +(TSelf a, TSelf b);
    static abstract TSelf operator -(TSelf a, TSelf b);
    static abstract TSelf operator *(TSelf a, TSelf b);
    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>The larger of each pair; b where a is not a number.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);
    static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary>Lane 0.</summary>
    float First { get; }

    void Store(float* p);

    /// <summary>Lanes [0, count) of this, <paramref name="value"/> in the others. count may be anything: below 0 keeps none, above 15 all.</summary>
    TSelf KeepFirst(int count, float value);

    /// <summary>Lanes [count, 16) of this, <paramref name="value"/> in those before; count as for <see cref="KeepFirst"/>.</summary>
    TSelf KeepFrom(int count, float value);

    /// <summary>Adds n to the exponents, where n is in the low mantissa bits of <paramref name="shifted"/> (see <see cref="Transcendental.Exp"/>).</summary>
    TSelf ScaleByPowerOfTwo(TSelf shifted);

    /// <summary>Sum in a fixed tree: lane i with i + 8, then + 4, + 2, + 1.</summary>
    float Sum();

    /// <summary>Largest lane.</summary>
    float MaxAcross();

    /// <summary>Widens 16 packed pairs of bf16: the first of each pair into <paramref name="even"/>, the second into <paramref name="odd"/>.</summary>
    static abstract void LoadBf16Pairs(byte* p, out TSelf even, out TSelf odd);

    /// <summary>Widens 16 values of IEEE half precision, subnormals included.</summary>
    static abstract TSelf LoadF16(Half* p);

    // Lanes as 32-bit integers, for quantised weights.

    /// <summary>The same bits in every lane.</summary>
    static abstract TSelf BroadcastBits(int bits);

    /// <summary>sum + the products of each lane's four unsigned bytes with the four signed bytes of <paramref name="x"/>, exact.</summary>
    static abstract TSelf AddDots(TSelf sum, TSelf bytes, int x);

    /// <summary>Every lane shifted right, and of that the bits in <paramref name="mask"/>.</summary>
    TSelf Bits(int shift, uint mask);

    /// <summary>256 this + low.</summary>
    TSelf ShiftLeft8Plus(TSelf low);

    /// <summary>Integers to f32, rounded to nearest.</summary>
    TSelf ToSingle();
}
