using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>A tile of pairs of bf16. What is loaded once widens to two runs of sixteen lanes; the chains are those of <see cref="FloatTile{TLanes}"/>. Methods are compiled apart, so that the accumulators stay in registers.</summary>
internal readonly unsafe struct PairTile<TLanes> : IAttentionTile<TLanes> where TLanes : unmanaged, ILanes<TLanes>
{
    private const int Length = KvCache.BlockLength;

    [MethodImpl(Compiled.Apart)]
    public static void Scores<TAhead>(float* query, float* keys, int dimension, int end, float* scores, TAhead ahead) where TAhead : unmanaged, IAhead
    {
        TLanes s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0;
        for (int i = 0; i < dimension; i += 2, keys += Length)
        {
            ahead.Step(4);
            TLanes first = TLanes.Broadcast(query[i]), second = Second(query, i, dimension);
            s0 = Add(s0, first, second, keys);
            s1 = Add(s1, first, second, keys + 16);
            if (end <= 32) continue;
            s2 = Add(s2, first, second, keys + 32);
            s3 = Add(s3, first, second, keys + 48);
        }
        s0.Store(scores);
        s1.Store(scores + 16);
        s2.Store(scores + 32);
        s3.Store(scores + 48);
    }

    /// <summary>Half the positions at a time: sixteen lanes of both dimensions for four queries fill the registers.</summary>
    [MethodImpl(Compiled.Apart)]
    public static void Scores4(float* q0, float* q1, float* q2, float* q3, float* keys, int dimension, float* y0, float* y1, float* y2, float* y3, Ahead ahead)
    {
        for (int half = 0; half < Length; half += 32)
        {
            TLanes a0 = TLanes.Zero, a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
            float* k = keys + half;
            for (int i = 0; i < dimension; i += 2, k += Length)
            {
                ahead.Step(2);
                TLanes.LoadBf16Pairs((byte*)k, out var even0, out var odd0);
                TLanes.LoadBf16Pairs((byte*)(k + 16), out var even1, out var odd1);
                TLanes first = TLanes.Broadcast(q0[i]), second = Second(q0, i, dimension);
                a0 = TLanes.FusedMultiplyAdd(second, odd0, TLanes.FusedMultiplyAdd(first, even0, a0));
                a1 = TLanes.FusedMultiplyAdd(second, odd1, TLanes.FusedMultiplyAdd(first, even1, a1));
                (first, second) = (TLanes.Broadcast(q1[i]), Second(q1, i, dimension));
                b0 = TLanes.FusedMultiplyAdd(second, odd0, TLanes.FusedMultiplyAdd(first, even0, b0));
                b1 = TLanes.FusedMultiplyAdd(second, odd1, TLanes.FusedMultiplyAdd(first, even1, b1));
                (first, second) = (TLanes.Broadcast(q2[i]), Second(q2, i, dimension));
                c0 = TLanes.FusedMultiplyAdd(second, odd0, TLanes.FusedMultiplyAdd(first, even0, c0));
                c1 = TLanes.FusedMultiplyAdd(second, odd1, TLanes.FusedMultiplyAdd(first, even1, c1));
                (first, second) = (TLanes.Broadcast(q3[i]), Second(q3, i, dimension));
                d0 = TLanes.FusedMultiplyAdd(second, odd0, TLanes.FusedMultiplyAdd(first, even0, d0));
                d1 = TLanes.FusedMultiplyAdd(second, odd1, TLanes.FusedMultiplyAdd(first, even1, d1));
            }
            a0.Store(y0 + half);
            a1.Store(y0 + half + 16);
            b0.Store(y1 + half);
            b1.Store(y1 + half + 16);
            c0.Store(y2 + half);
            c1.Store(y2 + half + 16);
            d0.Store(y3 + half);
            d1.Store(y3 + half + 16);
        }
    }

    public static int Words(int dimensions) => dimensions >> 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(float* values, int apart, out TLanes first, out TLanes second) => TLanes.LoadBf16Pairs((byte*)values, out first, out second);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Add(TLanes sum, TLanes first, TLanes second, float* keys)
    {
        TLanes.LoadBf16Pairs((byte*)keys, out var even, out var odd);
        return TLanes.FusedMultiplyAdd(second, odd, TLanes.FusedMultiplyAdd(first, even, sum));
    }

    /// <summary>An odd dimension has no second: the cache holds zeros there, and what follows the query need not be a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Second(float* query, int i, int dimension) => i + 1 < dimension ? TLanes.Broadcast(query[i + 1]) : TLanes.Zero;
}
