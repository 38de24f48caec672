using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>The second product of attention, over one tile of 64 positions: sum = sum * correction + sum over positions [first, end) of weight * value, position by position, for one query and for four.</summary>
internal static unsafe class AttentionValues<TLanes, TTile>
    where TLanes : unmanaged, ILanes<TLanes>
    where TTile : unmanaged, IAttentionTile<TLanes>
{
    [MethodImpl(Compiled.Apart)]
    public static void Add<TAhead>(float* sum, float* weights, float* values, int first, int end, int padded, float correction, TAhead ahead) where TAhead : unmanaged, IAhead
    {
        var scaling = TLanes.Broadcast(correction);
        int i = 0, words = TTile.Words(padded);
        values += (long)first * words;
        for (; i + 64 <= padded; i += 64)
        {
            TLanes a = TLanes.Load(sum + i) * scaling, b = TLanes.Load(sum + i + 16) * scaling, c = TLanes.Load(sum + i + 32) * scaling, d = TLanes.Load(sum + i + 48) * scaling;
            float* v = values + TTile.Words(i);
            for (int p = first; p < end; p++, v += words)
            {
                ahead.Step(TTile.Words(64) / 16);
                var weight = TLanes.Broadcast(weights[p]);
                TTile.Load(v, 16, out var v0, out var v1);
                TTile.Load(v + TTile.Words(32), 16, out var v2, out var v3);
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
        for (; i < padded; i += 32)
        {
            int second = Second(i, padded);
            TLanes a = TLanes.Load(sum + i) * scaling, b = TLanes.Load(sum + second) * scaling;
            float* v = values + TTile.Words(i);
            for (int p = first; p < end; p++, v += words)
            {
                ahead.Step(TTile.Words(32) / 16);
                var weight = TLanes.Broadcast(weights[p]);
                TTile.Load(v, second - i, out var v0, out var v1);
                a = TLanes.FusedMultiplyAdd(weight, v0, a);
                b = TLanes.FusedMultiplyAdd(weight, v1, b);
            }
            a.Store(sum + i);
            b.Store(sum + second);
        }
    }

    [MethodImpl(Compiled.Apart)]
    public static void Add4(float* y0, float* y1, float* y2, float* y3, float* w0, float* w1, float* w2, float* w3, float* values, int first, int end, int padded, float c0, float c1, float c2, float c3, Ahead ahead)
    {
        int words = TTile.Words(padded);
        values += (long)first * words;
        for (int i = 0; i < padded; i += 32)
        {
            int second = Second(i, padded);
            TLanes scaling = TLanes.Broadcast(c0), a0 = TLanes.Load(y0 + i) * scaling, a1 = TLanes.Load(y0 + second) * scaling;
            scaling = TLanes.Broadcast(c1);
            TLanes b0 = TLanes.Load(y1 + i) * scaling, b1 = TLanes.Load(y1 + second) * scaling;
            scaling = TLanes.Broadcast(c2);
            TLanes d0 = TLanes.Load(y2 + i) * scaling, d1 = TLanes.Load(y2 + second) * scaling;
            scaling = TLanes.Broadcast(c3);
            TLanes e0 = TLanes.Load(y3 + i) * scaling, e1 = TLanes.Load(y3 + second) * scaling;
            float* v = values + TTile.Words(i);
            for (int p = first; p < end; p++, v += words)
            {
                ahead.Step(TTile.Words(32) / 16);
                TTile.Load(v, second - i, out var v0, out var v1);
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

    /// <summary>The second half of the last 32 dimensions may lie behind the row: then the first is computed twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Second(int i, int padded) => i + 16 < padded ? i + 16 : i;
}
