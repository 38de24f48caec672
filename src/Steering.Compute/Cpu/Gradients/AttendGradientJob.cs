using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu.Gradients;

/// <summary>
/// Attention backwards, whole sequences at once. An item is a sequence and a head of keys and values with the query heads that share it. With p = softmax(s), s = scale q k, o = sum p v:
/// dv_j = sum p_ij do_i, ds_ij = p_ij (do_i v_j - do_i o_i), dq_i = scale sum ds_ij k_j, dk_j = scale sum ds_ij q_i; a soft cap c tanh(s / c) multiplies ds by 1 - tanh^2. Weights are computed again, row by row:
/// nothing of length x length is kept.
/// </summary>
internal readonly unsafe struct AttendGradientJob<TLanes>(TensorView target, TensorView gradient, TensorView fused, AttentionShape shape, RowSpan* sequences, AttentionRule rule, GradientScratch scratch) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    private const int Queries = 4; // that go through keys and values together
    private const float Unseen = -1e30f; // exp of the difference to any score is 0

    public void Run(int first, int last)
    {
        float* memory = (float*)scratch.Take();
        for (int item = first; item < last; item++) Head(sequences[item / shape.KeyValueHeads], item % shape.KeyValueHeads, memory);
    }

    /// <summary>What an item works in. Positions are padded to 16, heads to 16 values, with zeros.</summary>
    private readonly struct Workspace
    {
        public readonly int Positions, Padded;

        /// <summary>[positions][head].</summary>
        public readonly float* Keys, KeyGradients, ValueGradients;

        /// <summary>[queries][head].</summary>
        public readonly float* Query, Output, QueryGradient;

        /// <summary>[head][positions].</summary>
        public readonly float* KeysAcross, ValuesAcross;

        /// <summary>[queries][positions]: capped scores, softmax, and what the output's gradient says about each.</summary>
        public readonly float* Scores, Weights, Pulls;

        public Workspace(float* memory, int width, int positions)
        {
            (Positions, Padded) = (positions, TensorView.Padded(width));
            long byPosition = (long)positions * Padded, byQuery = (long)Queries * Padded, across = (long)width * positions, scores = (long)Queries * positions;
            Keys = memory;
            KeyGradients = Keys + byPosition;
            ValueGradients = KeyGradients + byPosition;
            Query = ValueGradients + byPosition;
            Output = Query + byQuery;
            QueryGradient = Output + byQuery;
            KeysAcross = QueryGradient + byQuery;
            ValuesAcross = KeysAcross + across;
            Scores = ValuesAcross + across;
            Weights = Scores + scores;
            Pulls = Weights + scores;
        }

        public static long Bytes(int width, int count) => sizeof(float) * (3L * Stride(count) * TensorView.Padded(width) + 2L * width * Stride(count) + Queries * (3L * TensorView.Padded(width) + 3L * Stride(count)));

        /// <summary>Positions padded to an odd number of cache lines, so that the rows of keys across do not meet in few sets of the first-level cache.</summary>
        public static int Stride(int count) => TensorView.Padded(count) | TensorView.RowPadding;

        /// <summary>What must be zero at first: everything whose padding is read, and what is added to.</summary>
        public void Clear() => new Span<byte>(Keys, checked((int)((byte*)Scores - (byte*)Keys))).Clear();
    }

    /// <summary>Bytes a thread works in for sequences of at most so many tokens.</summary>
    public static long ScratchBytes(AttentionShape shape, int count) => Workspace.Bytes(shape.HeadDimension, count);

    private void Head(RowSpan sequence, int head, float* memory)
    {
        int width = shape.HeadDimension, positions = Workspace.Stride(sequence.Count);
        var work = new Workspace(memory, width, positions);
        work.Clear();
        int keys = shape.QueryWidth + head * width, values = keys + shape.KeyValueWidth, padded = work.Padded;
        for (int j = 0; j < sequence.Count; j++)
        {
            float* row = fused.Pointer(sequence.First + j);
            for (int d = 0; d < width; d++)
            {
                work.Keys[j * padded + d] = work.KeysAcross[d * positions + j] = row[keys + d];
                work.ValuesAcross[d * positions + j] = row[values + d];
            }
        }
        for (int query = head * shape.HeadsPerKeyValue; query < (head + 1) * shape.HeadsPerKeyValue; query++)
            for (int i = 0; i < sequence.Count; i += Queries) Group(in work, sequence, query * width, i);
        for (int j = 0; j < sequence.Count; j++)
        {
            Copy(work.KeyGradients + j * padded, target.Pointer(sequence.First + j) + keys);
            Copy(work.ValueGradients + j * padded, target.Pointer(sequence.First + j) + values);
        }
    }

    private void Copy(float* from, float* to) => new Span<float>(from, shape.HeadDimension).CopyTo(new Span<float>(to, shape.HeadDimension));

    /// <summary>Queries of a head at positions i to i + 3. Where there are no more rows they are zeros, which add nothing to anything.</summary>
    private void Group(in Workspace work, RowSpan sequence, int column, int i)
    {
        int last = sequence.Count - 1;
        for (int q = 0; q < Queries; q++)
        {
            float* query = work.Query + q * work.Padded, output = work.Output + q * work.Padded;
            if (i + q <= last)
            {
                Copy(fused.Pointer(sequence.First + i + q) + column, query);
                Copy(gradient.Pointer(sequence.First + i + q) + column, output);
            }
            else
            {
                new Span<float>(query, work.Padded).Clear();
                new Span<float>(output, work.Padded).Clear();
            }
        }
        int begin = Begin(i), end = Math.Min(i + Queries - 1, last), firstTile = begin / 16 * 16;
        Products(work.Query, work.KeysAcross, work.Scores, in work, firstTile, end);
        Products(work.Output, work.ValuesAcross, work.Pulls, in work, firstTile, end);
        for (int q = 0; q < Queries; q++) Slopes(work.Scores + q * work.Positions, work.Weights + q * work.Positions, work.Pulls + q * work.Positions, Math.Min(i + q, last), firstTile, end);
        Spread(in work, begin, end);
        for (int q = 0; q < Queries && i + q <= last; q++) Copy(work.QueryGradient + q * work.Padded, target.Pointer(sequence.First + i + q) + column);
    }

    /// <summary>The first position a query sees.</summary>
    private int Begin(int position) => rule.Window > 0 ? Math.Max(0, position - rule.Window + 1) : 0;

    /// <summary>products[q][j] = vectors[q] times the key or value of position j, for tiles of sixteen positions.</summary>
    [MethodImpl(Compiled.Apart)]
    private void Products(float* vectors, float* across, float* products, in Workspace work, int firstTile, int end)
    {
        int width = shape.HeadDimension, positions = work.Positions;
        float* v0 = vectors, v1 = v0 + work.Padded, v2 = v1 + work.Padded, v3 = v2 + work.Padded;
        for (int j = firstTile; j <= end; j += 16)
        {
            float* at = across + j;
            TLanes a = TLanes.Zero, b = TLanes.Zero, c = TLanes.Zero, e = TLanes.Zero;
            for (int d = 0; d < width; d++, at += positions)
            {
                var lanes = TLanes.Load(at);
                a = TLanes.FusedMultiplyAdd(TLanes.Broadcast(v0[d]), lanes, a);
                b = TLanes.FusedMultiplyAdd(TLanes.Broadcast(v1[d]), lanes, b);
                c = TLanes.FusedMultiplyAdd(TLanes.Broadcast(v2[d]), lanes, c);
                e = TLanes.FusedMultiplyAdd(TLanes.Broadcast(v3[d]), lanes, e);
            }
            a.Store(products + j);
            b.Store(products + positions + j);
            c.Store(products + 2 * positions + j);
            e.Store(products + 3 * positions + j);
        }
    }

    /// <summary>From products with keys and with values to softmax and slopes of one query, zero at positions it does not see.</summary>
    [MethodImpl(Compiled.Apart)]
    private void Slopes(float* scores, float* weights, float* pulls, int position, int firstTile, int end)
    {
        int begin = Begin(position);
        var most = TLanes.Broadcast(Unseen);
        for (int j = firstTile; j <= end; j += 16)
        {
            var score = TLanes.Load(scores + j) * TLanes.Broadcast(rule.Scale);
            if (rule.SoftCap > 0) score = Transcendental.SoftCap(score, rule.SoftCap);
            score = score.KeepFirst(position + 1 - j, Unseen).KeepFrom(begin - j, Unseen);
            most = TLanes.Max(most, score);
            score.Store(scores + j);
        }
        var largest = TLanes.Broadcast(most.MaxAcross());
        TLanes total = TLanes.Zero, along = TLanes.Zero;
        for (int j = firstTile; j <= end; j += 16)
        {
            var weight = Transcendental.Exp(TLanes.Load(scores + j) - largest).KeepFirst(position + 1 - j, 0).KeepFrom(begin - j, 0);
            total += weight;
            along = TLanes.FusedMultiplyAdd(weight, TLanes.Load(pulls + j), along);
            weight.Store(weights + j);
        }
        float inverse = 1f / total.Sum();
        TLanes share = TLanes.Broadcast(inverse), mean = TLanes.Broadcast(along.Sum() * inverse);
        for (int j = firstTile; j <= end; j += 16)
        {
            TLanes weight = TLanes.Load(weights + j) * share, slope = weight * (TLanes.Load(pulls + j) - mean) * TLanes.Broadcast(rule.Scale);
            if (rule.SoftCap > 0)
            {
                var capped = TLanes.Load(scores + j) * TLanes.Broadcast(1f / rule.SoftCap);
                slope *= (TLanes.Broadcast(1) - capped * capped).KeepFirst(position + 1 - j, 0).KeepFrom(begin - j, 0);
            }
            weight.Store(weights + j);
            slope.Store(pulls + j);
        }
    }

    /// <summary>dq = sum slope_j k_j; dk_j += slope_j q; dv_j += weight_j do, for the four queries one after the other.</summary>
    [MethodImpl(Compiled.Apart)]
    private static void Spread(in Workspace work, int begin, int end)
    {
        float* s0 = work.Pulls, s1 = s0 + work.Positions, s2 = s1 + work.Positions, s3 = s2 + work.Positions;
        float* w0 = work.Weights, w1 = w0 + work.Positions, w2 = w1 + work.Positions, w3 = w2 + work.Positions;
        float* keys = work.Keys, keyGradients = work.KeyGradients, valueGradients = work.ValueGradients;
        int padded = work.Padded;
        for (int d = 0; d < work.Padded; d += 16)
        {
            float* query = work.Query + d, output = work.Output + d, sums = work.QueryGradient + d;
            TLanes q0 = TLanes.Load(query), q1 = TLanes.Load(query + work.Padded), q2 = TLanes.Load(query + 2 * work.Padded), q3 = TLanes.Load(query + 3 * work.Padded);
            TLanes o0 = TLanes.Load(output), o1 = TLanes.Load(output + work.Padded), o2 = TLanes.Load(output + 2 * work.Padded), o3 = TLanes.Load(output + 3 * work.Padded);
            TLanes a = TLanes.Zero, b = TLanes.Zero, c = TLanes.Zero, e = TLanes.Zero;
            for (int j = begin; j <= end; j++)
            {
                nint at = j * (nint)padded + d;
                TLanes key = TLanes.Load(keys + at), keyGradient = TLanes.Load(keyGradients + at), valueGradient = TLanes.Load(valueGradients + at);
                TLanes slope0 = TLanes.Broadcast(s0[j]), slope1 = TLanes.Broadcast(s1[j]), slope2 = TLanes.Broadcast(s2[j]), slope3 = TLanes.Broadcast(s3[j]);
                a = TLanes.FusedMultiplyAdd(slope0, key, a);
                b = TLanes.FusedMultiplyAdd(slope1, key, b);
                c = TLanes.FusedMultiplyAdd(slope2, key, c);
                e = TLanes.FusedMultiplyAdd(slope3, key, e);
                keyGradient = TLanes.FusedMultiplyAdd(slope0, q0, keyGradient);
                keyGradient = TLanes.FusedMultiplyAdd(slope1, q1, keyGradient);
                keyGradient = TLanes.FusedMultiplyAdd(slope2, q2, keyGradient);
                keyGradient = TLanes.FusedMultiplyAdd(slope3, q3, keyGradient);
                valueGradient = TLanes.FusedMultiplyAdd(TLanes.Broadcast(w0[j]), o0, valueGradient);
                valueGradient = TLanes.FusedMultiplyAdd(TLanes.Broadcast(w1[j]), o1, valueGradient);
                valueGradient = TLanes.FusedMultiplyAdd(TLanes.Broadcast(w2[j]), o2, valueGradient);
                valueGradient = TLanes.FusedMultiplyAdd(TLanes.Broadcast(w3[j]), o3, valueGradient);
                keyGradient.Store(keyGradients + at);
                valueGradient.Store(valueGradients + at);
            }
            a.Store(sums);
            b.Store(sums + work.Padded);
            c.Store(sums + 2 * work.Padded);
            e.Store(sums + 3 * work.Padded);
        }
    }
}
