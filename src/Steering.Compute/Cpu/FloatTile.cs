using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>A tile of f32. Methods are compiled apart, so that the accumulators stay in registers.</summary>
internal readonly unsafe struct FloatTile<TLanes> : IAttentionTile<TLanes> where TLanes : unmanaged, ILanes<TLanes>
{
    private const int Length = KvCache.BlockLength;

    [MethodImpl(Compiled.Apart)]
    public static void Scores<TAhead>(float* query, float* keys, int dimension, int end, float* scores, TAhead ahead) where TAhead : unmanaged, IAhead
    {
        TLanes s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0;
        if (end <= 32)
        {
            for (int i = 0; i < dimension; i++, keys += Length)
            {
                ahead.Step(2);
                var q = TLanes.Broadcast(query[i]);
                s0 = TLanes.FusedMultiplyAdd(q, TLanes.Load(keys), s0);
                s1 = TLanes.FusedMultiplyAdd(q, TLanes.Load(keys + 16), s1);
            }
        }
        else
        {
            for (int i = 0; i < dimension; i++, keys += Length)
            {
                ahead.Step(4);
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
    public static void Scores4(float* q0, float* q1, float* q2, float* q3, float* keys, int dimension, float* y0, float* y1, float* y2, float* y3, Ahead ahead)
    {
        TLanes a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0, c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
        for (int i = 0; i < dimension; i++, keys += Length)
        {
            ahead.Step(4);
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

    public static int Words(int dimensions) => dimensions;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(float* values, int apart, out TLanes first, out TLanes second) => (first, second) = (TLanes.Load(values), TLanes.Load(values + apart));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* to, TLanes a, TLanes b, TLanes c, TLanes d)
    {
        a.Store(to);
        b.Store(to + 16);
        c.Store(to + 32);
        d.Store(to + 48);
    }
}
