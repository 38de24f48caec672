using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>A tile of f32. Methods are compiled apart, so that the accumulators stay in registers.</summary>
internal readonly unsafe struct FloatTile<TLanes> : IAttentionTile<TLanes> where TLanes : unmanaged, ILanes<TLanes>
{
    private const int Length = KvCache.BlockLength;

    [MethodImpl(Compiled.Apart)]
    public static void Scores(float* query, float* keys, int dimension, int end, float* scores)
    {
        TLanes s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0;
        if (end <= 32)
        {
            for (int i = 0; i < dimension; i++, keys += Length)
            {
                var q = TLanes.Broadcast(query[i]);
                s0 = TLanes.FusedMultiplyAdd(q, TLanes.Load(keys), s0);
                s1 = TLanes.FusedMultiplyAdd(q, TLanes.Load(keys + 16), s1);
            }
        }
        else
        {
            for (int i = 0; i < dimension; i++, keys += Length)
            {
                var q = TLanes.Broadcast(query[i]);
                s0 = TLanes.FusedMultiplyAdd(q, TLanes.Load(keys), s0);
                s1 = TLanes.FusedMultiplyAdd(q, TLanes.Load(keys + 16), s1);
                s2 = TLanes.FusedMultiplyAdd(q, TLanes.Load(keys + 32), s2);
                s3 = TLanes.FusedMultiplyAdd(q, TLanes.Load(keys + 48), s3);
            }
        }
        Store(scores, s0, s1, s2, s3);
    }

    [MethodImpl(Compiled.Apart)]
    public static void Scores4(float* q0, float* q1, float* q2, float* q3, float* keys, int dimension, float* y0, float* y1, float* y2, float* y3)
    {
        TLanes a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0, c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
        for (int i = 0; i < dimension; i++, keys += Length)
        {
            TLanes k0 = TLanes.Load(keys), k1 = TLanes.Load(keys + 16), k2 = TLanes.Load(keys + 32), k3 = TLanes.Load(keys + 48);
            var q = TLanes.Broadcast(q0[i]);
            a0 = TLanes.FusedMultiplyAdd(q, k0, a0);
            a1 = TLanes.FusedMultiplyAdd(q, k1, a1);
            a2 = TLanes.FusedMultiplyAdd(q, k2, a2);
            a3 = TLanes.FusedMultiplyAdd(q, k3, a3);
            q = TLanes.Broadcast(q1[i]);
            b0 = TLanes.FusedMultiplyAdd(q, k0, b0);
            b1 = TLanes.FusedMultiplyAdd(q, k1, b1);
            b2 = TLanes.FusedMultiplyAdd(q, k2, b2);
            b3 = TLanes.FusedMultiplyAdd(q, k3, b3);
            q = TLanes.Broadcast(q2[i]);
            c0 = TLanes.FusedMultiplyAdd(q, k0, c0);
            c1 = TLanes.FusedMultiplyAdd(q, k1, c1);
            c2 = TLanes.FusedMultiplyAdd(q, k2, c2);
            c3 = TLanes.FusedMultiplyAdd(q, k3, c3);
            q = TLanes.Broadcast(q3[i]);
            d0 = TLanes.FusedMultiplyAdd(q, k0, d0);
            d1 = TLanes.FusedMultiplyAdd(q, k1, d1);
            d2 = TLanes.FusedMultiplyAdd(q, k2, d2);
            d3 = TLanes.FusedMultiplyAdd(q, k3, d3);
        }
        Store(y0, a0, a1, a2, a3);
        Store(y1, b0, b1, b2, b3);
        Store(y2, c0, c1, c2, c3);
        Store(y3, d0, d1, d2, d3);
    }

    [MethodImpl(Compiled.Apart)]
    public static void AddValues(float* sum, float* weights, float* values, int first, int end, int padded, float correction)
    {
        var scaling = TLanes.Broadcast(correction);
        int i = 0;
        for (; i + 64 <= padded; i += 64)
        {
            TLanes a = TLanes.Load(sum + i) * scaling, b = TLanes.Load(sum + i + 16) * scaling, c = TLanes.Load(sum + i + 32) * scaling, d = TLanes.Load(sum + i + 48) * scaling;
            float* v = values + (long)first * padded + i;
            for (int p = first; p < end; p++, v += padded)
            {
                var weight = TLanes.Broadcast(weights[p]);
                a = TLanes.FusedMultiplyAdd(weight, TLanes.Load(v), a);
                b = TLanes.FusedMultiplyAdd(weight, TLanes.Load(v + 16), b);
                c = TLanes.FusedMultiplyAdd(weight, TLanes.Load(v + 32), c);
                d = TLanes.FusedMultiplyAdd(weight, TLanes.Load(v + 48), d);
            }
            Store(sum + i, a, b, c, d);
        }
        for (; i < padded; i += 16)
        {
            TLanes a = TLanes.Load(sum + i) * scaling;
            float* v = values + (long)first * padded + i;
            for (int p = first; p < end; p++, v += padded) a = TLanes.FusedMultiplyAdd(TLanes.Broadcast(weights[p]), TLanes.Load(v), a);
            a.Store(sum + i);
        }
    }

    [MethodImpl(Compiled.Apart)]
    public static void AddValues4(float* y0, float* y1, float* y2, float* y3, float* w0, float* w1, float* w2, float* w3, float* values, int first, int end, int padded, float c0, float c1, float c2, float c3)
    {
        for (int i = 0; i < padded; i += 32)
        {
            // The second half of the last 32 may lie behind the row: then the first is computed twice.
            int second = i + 16 < padded ? i + 16 : i;
            TLanes scaling = TLanes.Broadcast(c0), a0 = TLanes.Load(y0 + i) * scaling, a1 = TLanes.Load(y0 + second) * scaling;
            scaling = TLanes.Broadcast(c1);
            TLanes b0 = TLanes.Load(y1 + i) * scaling, b1 = TLanes.Load(y1 + second) * scaling;
            scaling = TLanes.Broadcast(c2);
            TLanes d0 = TLanes.Load(y2 + i) * scaling, d1 = TLanes.Load(y2 + second) * scaling;
            scaling = TLanes.Broadcast(c3);
            TLanes e0 = TLanes.Load(y3 + i) * scaling, e1 = TLanes.Load(y3 + second) * scaling;
            float* v = values + (long)first * padded;
            for (int p = first; p < end; p++, v += padded)
            {
                TLanes v0 = TLanes.Load(v + i), v1 = TLanes.Load(v + second);
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
            a1.Store(y0 + second);
            b0.Store(y1 + i);
            b1.Store(y1 + second);
            d0.Store(y2 + i);
            d1.Store(y2 + second);
            e0.Store(y3 + i);
            e1.Store(y3 + second);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* to, TLanes a, TLanes b, TLanes c, TLanes d)
    {
        a.Store(to);
        b.Store(to + 16);
        c.Store(to + 32);
        d.Store(to + 48);
    }
}
