using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>Writes the keys and values of each row to its block. Keys are transposed inside the block so that positions are lanes.</summary>
internal readonly unsafe struct StoreKvJob(nint layer, AttentionShape shape, TensorView fused, RowPlaces places) : IJob
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int first, int last)
    {
        int d = shape.HeadDimension, padded = KvCache.PaddedHead(shape);
        for (int row = first; row < last; row++)
        {
            int position = ((int*)places.Positions)[row], slot = position % KvCache.BlockLength;
            int block = ((int*)places.Tables)[((int*)places.TableStarts)[row] + position / KvCache.BlockLength];
            float* target = (float*)layer + (long)block * KvCache.BlockFloats(shape);
            float* k = fused.Pointer(row) + shape.QueryWidth, v = k + shape.KeyValueWidth;
            for (int head = 0; head < shape.KeyValueHeads; head++, k += d, v += d, target += KvCache.HeadFloats(shape))
            {
                float* keys = target + slot, values = target + d * KvCache.BlockLength + slot * padded;
                for (int i = 0; i < d; i++)
                {
                    keys[i * KvCache.BlockLength] = k[i];
                    values[i] = v[i];
                }
            }
        }
    }
}

/// <summary>
/// Online softmax over tiles of 64 absolute positions (Milakov and Gimelshein 2018). An item is a row and a key-value head; the tiles and the order inside them depend on the
/// row's position alone, so chunked prefill, decode and any batch give the same bits.
/// </summary>
internal readonly unsafe struct AttendJob<TLanes>(TensorView output, TensorView fused, nint layer, AttentionShape shape, RowPlaces places, AttentionRule rule) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int first, int last)
    {
        int padded = KvCache.PaddedHead(shape);
        float* weighted = stackalloc float[padded];
        float* weights = stackalloc float[KvCache.BlockLength];
        for (int item = first; item < last; item++)
        {
            int row = item / shape.KeyValueHeads, group = item % shape.KeyValueHeads;
            for (int h = 0; h < shape.HeadsPerKeyValue; h++) Head(row, group, group * shape.HeadsPerKeyValue + h, padded, weighted, weights);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Head(int row, int group, int head, int padded, float* weighted, float* weights)
    {
        int position = ((int*)places.Positions)[row], d = shape.HeadDimension;
        int first = rule.Window > 0 ? Math.Max(0, position + 1 - rule.Window) : 0, firstTile = first / KvCache.BlockLength;
        int* table = (int*)places.Tables + ((int*)places.TableStarts)[row];
        float* query = fused.Pointer(row) + head * d;
        float largest = float.NegativeInfinity, total = 0;
        for (int i = 0; i < padded; i += 16) TLanes.Zero.Store(weighted + i);
        for (int tile = firstTile; tile <= position / KvCache.BlockLength; tile++)
        {
            int count = Math.Min(KvCache.BlockLength, position + 1 - tile * KvCache.BlockLength), skipped = Math.Max(0, first - tile * KvCache.BlockLength);
            float* keys = (float*)layer + (long)table[tile] * KvCache.BlockFloats(shape) + group * KvCache.HeadFloats(shape);
            float* values = keys + d * KvCache.BlockLength;
            TLanes s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0;
            for (int i = 0; i < d; i++, keys += KvCache.BlockLength)
            {
                var q = TLanes.Broadcast(query[i]);
                s0 = TLanes.FusedMultiplyAdd(q, TLanes.Load(keys), s0);
                s1 = TLanes.FusedMultiplyAdd(q, TLanes.Load(keys + 16), s1);
                s2 = TLanes.FusedMultiplyAdd(q, TLanes.Load(keys + 32), s2);
                s3 = TLanes.FusedMultiplyAdd(q, TLanes.Load(keys + 48), s3);
            }
            var scaling = TLanes.Broadcast(rule.Scale);
            s0 *= scaling;
            s1 *= scaling;
            s2 *= scaling;
            s3 *= scaling;
            if (rule.SoftCap > 0)
            {
                s0 = Transcendental.SoftCap(s0, rule.SoftCap);
                s1 = Transcendental.SoftCap(s1, rule.SoftCap);
                s2 = Transcendental.SoftCap(s2, rule.SoftCap);
                s3 = Transcendental.SoftCap(s3, rule.SoftCap);
            }
            s0 = s0.KeepFirst(count, float.NegativeInfinity);
            s1 = s1.KeepFirst(count - 16, float.NegativeInfinity);
            s2 = s2.KeepFirst(count - 32, float.NegativeInfinity);
            s3 = s3.KeepFirst(count - 48, float.NegativeInfinity);
            if (skipped > 0)
            {
                s0 = s0.KeepFrom(skipped, float.NegativeInfinity);
                s1 = s1.KeepFrom(skipped - 16, float.NegativeInfinity);
                s2 = s2.KeepFrom(skipped - 32, float.NegativeInfinity);
                s3 = s3.KeepFrom(skipped - 48, float.NegativeInfinity);
            }
            float before = largest;
            largest = MathF.Max(largest, TLanes.Max(TLanes.Max(s0, s1), TLanes.Max(s2, s3)).MaxAcross());
            var shift = TLanes.Broadcast(largest);
            s0 = Transcendental.Exp(s0 - shift).KeepFirst(count, 0);
            s1 = Transcendental.Exp(s1 - shift).KeepFirst(count - 16, 0);
            s2 = Transcendental.Exp(s2 - shift).KeepFirst(count - 32, 0);
            s3 = Transcendental.Exp(s3 - shift).KeepFirst(count - 48, 0);
            if (skipped > 0)
            {
                s0 = s0.KeepFrom(skipped, 0);
                s1 = s1.KeepFrom(skipped - 16, 0);
                s2 = s2.KeepFrom(skipped - 32, 0);
                s3 = s3.KeepFrom(skipped - 48, 0);
            }
            s0.Store(weights);
            s1.Store(weights + 16);
            s2.Store(weights + 32);
            s3.Store(weights + 48);
            // The first tile has nothing to rescale; exp(-inf) is not asked for.
            float correction = tile == firstTile ? 1 : Transcendental.Exp(TLanes.Broadcast(before - largest)).MaxAcross();
            total = MathF.FusedMultiplyAdd(total, correction, (s0 + s1 + (s2 + s3)).Sum());
            Accumulate(weighted, weights, values, skipped, count, padded, correction);
        }
        float inverse = 1f / total;
        float* y = output.Pointer(row) + head * d;
        for (int i = 0; i < d; i++) y[i] = weighted[i] * inverse;
    }

    /// <summary>weighted = weighted * correction + sum over positions [first, count) of weight * value, position by position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(float* weighted, float* weights, float* values, int first, int count, int padded, float correction)
    {
        var scaling = TLanes.Broadcast(correction);
        int i = 0;
        for (; i + 32 <= padded; i += 32)
        {
            TLanes a = TLanes.Load(weighted + i) * scaling, b = TLanes.Load(weighted + i + 16) * scaling;
            for (int p = first; p < count; p++)
            {
                var weight = TLanes.Broadcast(weights[p]);
                a = TLanes.FusedMultiplyAdd(weight, TLanes.Load(values + p * padded + i), a);
                b = TLanes.FusedMultiplyAdd(weight, TLanes.Load(values + p * padded + i + 16), b);
            }
            a.Store(weighted + i);
            b.Store(weighted + i + 16);
        }
        if (i >= padded) return;
        TLanes c = TLanes.Load(weighted + i) * scaling;
        for (int p = first; p < count; p++) c = TLanes.FusedMultiplyAdd(TLanes.Broadcast(weights[p]), TLanes.Load(values + p * padded + i), c);
        c.Store(weighted + i);
    }
}
