using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>A tile of pairs of bf16. What is loaded once widens to two runs of sixteen lanes; the chains are those of <see cref="FloatTile{TLanes}"/>. Methods are compiled apart, so that the accumulators stay in registers.</summary>
internal readonly unsafe struct PairTile<TLanes> : IAttentionTile<TLanes> where TLanes : unmanaged, ILanes<TLanes>
{
    private const int Length = KvCache.BlockLength;

    [MethodImpl(Compiled.Apart)]
    public static void Scores(float* query, float* keys, int dimension, int end, float* scores)
    {
        TLanes s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0;
        for (int i = 0; i < dimension; i += 2, keys += Length)
        {
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
    public static void Scores4(float* q0, float* q1, float* q2, float* q3, float* keys, int dimension, float* y0, float* y1, float* y2, float* y3)
    {
        for (int half = 0; half < Length; half += 32)
        {
            TLanes a0 = TLanes.Zero, a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
            float* k = keys + half;
            for (int i = 0; i < dimension; i += 2, k += Length)
            {
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

    [MethodImpl(Compiled.Apart)]
    public static void AddValues(float* sum, float* weights, float* values, int first, int end, int padded, float correction)
    {
        var scaling = TLanes.Broadcast(correction);
        int i = 0, words = padded / 2;
        for (; i + 64 <= padded; i += 64)
        {
            TLanes a = TLanes.Load(sum + i) * scaling, b = TLanes.Load(sum + i + 16) * scaling, c = TLanes.Load(sum + i + 32) * scaling, d = TLanes.Load(sum + i + 48) * scaling;
            float* v = values + (long)first * words + i / 2;
            for (int p = first; p < end; p++, v += words)
            {
                var weight = TLanes.Broadcast(weights[p]);
                TLanes.LoadBf16Pairs((byte*)v, out var v0, out var v1);
                TLanes.LoadBf16Pairs((byte*)(v + 16), out var v2, out var v3);
                a = TLanes.FusedMultiplyAdd(weight, v0, a);
                b = TLanes.FusedMultiplyAdd(weight, v1, b);
                c = TLanes.FusedMultiplyAdd(weight, v2, c);
                d = TLanes.FusedMultiplyAdd(weight, v3, d);
            }
            a.Store(sum + i);
            b.Store(sum + i + 16);
            c.Store(sum + i + 32);
            d.Store(sum + i + 48);
        }
        if (i < padded)
        {
            TLanes a = TLanes.Load(sum + i) * scaling, b = TLanes.Load(sum + i + 16) * scaling;
            float* v = values + (long)first * words + i / 2;
            for (int p = first; p < end; p++, v += words)
            {
                var weight = TLanes.Broadcast(weights[p]);
                TLanes.LoadBf16Pairs((byte*)v, out var v0, out var v1);
                a = TLanes.FusedMultiplyAdd(weight, v0, a);
                b = TLanes.FusedMultiplyAdd(weight, v1, b);
            }
            a.Store(sum + i);
            b.Store(sum + i + 16);
        }
    }

    [MethodImpl(Compiled.Apart)]
    public static void AddValues4(float* y0, float* y1, float* y2, float* y3, float* w0, float* w1, float* w2, float* w3, float* values, int first, int end, int padded, float c0, float c1, float c2, float c3)
    {
        int words = padded / 2;
        for (int i = 0; i < padded; i += 32)
        {
            TLanes scaling = TLanes.Broadcast(c0), a0 = TLanes.Load(y0 + i) * scaling, a1 = TLanes.Load(y0 + i + 16) * scaling;
            scaling = TLanes.Broadcast(c1);
            TLanes b0 = TLanes.Load(y1 + i) * scaling, b1 = TLanes.Load(y1 + i + 16) * scaling;
            scaling = TLanes.Broadcast(c2);
            TLanes d0 = TLanes.Load(y2 + i) * scaling, d1 = TLanes.Load(y2 + i + 16) * scaling;
            scaling = TLanes.Broadcast(c3);
            TLanes e0 = TLanes.Load(y3 + i) * scaling, e1 = TLanes.Load(y3 + i + 16) * scaling;
            float* v = values + (long)first * words + i / 2;
            for (int p = first; p < end; p++, v += words)
            {
                TLanes.LoadBf16Pairs((byte*)v, out var v0, out var v1);
                var weight = TLanes.Broadcast(w0[p]);
                a0 = TLanes.FusedMultiplyAdd(weight, v0, a0);
                a1 = TLanes.FusedMultiplyAdd(weight, v1, a1);
                weight = TLanes.Broadcast(w1[p]);
                b0 = TLanes.FusedMultiplyAdd(weight, v0, b0);
                b1 = TLanes.FusedMultiplyAdd(weight, v1, b1);
                weight = TLanes.Broadcast(w2[p]);
                d0 = TLanes.FusedMultiplyAdd(weight, v0, d0);
                d1 = TLanes.FusedMultiplyAdd(weight, v1, d1);
                weight = TLanes.Broadcast(w3[p]);
                e0 = TLanes.FusedMultiplyAdd(weight, v0, e0);
                e1 = TLanes.FusedMultiplyAdd(weight, v1, e1);
            }
            a0.Store(y0 + i);
            a1.Store(y0 + i + 16);
            b0.Store(y1 + i);
            b1.Store(y1 + i + 16);
            d0.Store(y2 + i);
            d1.Store(y2 + i + 16);
            e0.Store(y3 + i);
            e1.Store(y3 + i + 16);
        }
    }

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
