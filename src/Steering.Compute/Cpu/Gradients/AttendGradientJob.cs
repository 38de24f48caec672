using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu.Gradients;

/// <summary>
/// Attention backwards, whole sequences at once. An item is a sequence and a head of keys and values with the query heads that share it. With p = softmax(s), s = scale q k, o = sum p v:
/// dv_j = sum p_ij do_i, ds_ij = p_ij (do_i v_j - do_i o_i), dq_i = scale sum ds_ij k_j, dk_j = scale sum ds_ij q_i; a soft cap c tanh(s / c) multiplies ds by 1 - tanh^2. Weights are computed again, row by row:
/// nothing of length x length is kept.
/// </summary>
internal readonly unsafe struct AttendGradientJob<TLanes>(TensorView target, TensorView gradient, TensorView fused, AttentionShape shape, RowSpan* sequences, AttentionRule rule) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    private const float Unseen = -1e30f; // exp of the difference to any score is 0

    public void Run(int first, int last)
    {
        for (int item = first; item < last; item++) Head(sequences[item / shape.KeyValueHeads], item % shape.KeyValueHeads);
    }

    /// <summary>What an item works in. Positions are padded to 16, heads to 16 values, with zeros.</summary>
    private readonly struct Workspace(float* memory, int width, int positions)
    {
        public int Positions => positions;
        public int Padded { get; } = TensorView.Padded(width);

        public static long Floats(int width, int positions) => 3L * positions * TensorView.Padded(width) + 2L * width * positions + 3L * TensorView.Padded(width) + 3L * positions;

        // [positions][head]
        public float* Keys => memory;
        public float* KeyGradients => Keys + (long)positions * Padded;
        public float* ValueGradients => KeyGradients + (long)positions * Padded;

        // [head]
        public float* Query => ValueGradients + (long)positions * Padded;
        public float* Output => Query + Padded;
        public float* QueryGradient => Output + Padded;

        // [head][positions]
        public float* KeysAcross => QueryGradient + Padded;
        public float* ValuesAcross => KeysAcross + (long)width * positions;

        // [positions]: capped scores, softmax, and what the output's gradient says about each
        public float* Scores => ValuesAcross + (long)width * positions;
        public float* Weights => Scores + positions;
        public float* Pulls => Weights + positions;
    }

    private void Head(RowSpan sequence, int head)
    {
        int width = shape.HeadDimension, positions = TensorView.Padded(sequence.Count);
        using var memory = new DeviceBuffer(sizeof(float) * Workspace.Floats(width, positions));
        var work = new Workspace((float*)memory.Address, width, positions);
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
        {
            for (int i = 0; i < sequence.Count; i++)
            {
                Copy(fused.Pointer(sequence.First + i) + query * width, work.Query);
                Copy(gradient.Pointer(sequence.First + i) + query * width, work.Output);
                Query(work, i);
                Copy(work.QueryGradient, target.Pointer(sequence.First + i) + query * width);
            }
        }
        for (int j = 0; j < sequence.Count; j++)
        {
            Copy(work.KeyGradients + j * padded, target.Pointer(sequence.First + j) + keys);
            Copy(work.ValueGradients + j * padded, target.Pointer(sequence.First + j) + values);
        }
    }

    private void Copy(float* from, float* to) => new Span<float>(from, shape.HeadDimension).CopyTo(new Span<float>(to, shape.HeadDimension));

    /// <summary>One query at position i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Query(Workspace work, int i)
    {
        int begin = rule.Window > 0 ? Math.Max(0, i - rule.Window + 1) : 0, firstTile = begin / 16 * 16;
        var most = TLanes.Broadcast(Unseen);
        for (int j = firstTile; j <= i; j += 16)
        {
            var score = Products(work.Query, work.KeysAcross + j, work.Positions) * TLanes.Broadcast(rule.Scale);
            if (rule.SoftCap > 0) score = Transcendental.SoftCap(score, rule.SoftCap);
            score = score.KeepFirst(i + 1 - j, Unseen).KeepFrom(begin - j, Unseen);
            most = TLanes.Max(most, score);
            score.Store(work.Scores + j);
        }
        var largest = TLanes.Broadcast(most.MaxAcross());
        TLanes total = TLanes.Zero, along = TLanes.Zero;
        for (int j = firstTile; j <= i; j += 16)
        {
            var weight = Transcendental.Exp(TLanes.Load(work.Scores + j) - largest).KeepFirst(i + 1 - j, 0).KeepFrom(begin - j, 0);
            var pull = Products(work.Output, work.ValuesAcross + j, work.Positions);
            total += weight;
            along = TLanes.FusedMultiplyAdd(weight, pull, along);
            weight.Store(work.Weights + j);
            pull.Store(work.Pulls + j);
        }
        float inverse = 1f / total.Sum();
        TLanes share = TLanes.Broadcast(inverse), mean = TLanes.Broadcast(along.Sum() * inverse);
        for (int j = firstTile; j <= i; j += 16)
        {
            TLanes weight = TLanes.Load(work.Weights + j) * share, slope = weight * (TLanes.Load(work.Pulls + j) - mean) * TLanes.Broadcast(rule.Scale);
            if (rule.SoftCap > 0)
            {
                var capped = TLanes.Load(work.Scores + j) * TLanes.Broadcast(1f / rule.SoftCap);
                slope *= (TLanes.Broadcast(1) - capped * capped).KeepFirst(i + 1 - j, 0).KeepFrom(begin - j, 0);
            }
            weight.Store(work.Weights + j);
            slope.Store(work.Pulls + j);
        }
        Spread(work, begin, i);
    }

    /// <summary>dq = sum slope_j k_j; dk_j += slope_j q; dv_j += weight_j do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Spread(Workspace work, int begin, int i)
    {
        for (int d = 0; d < work.Padded; d += 16)
        {
            TLanes sum = TLanes.Zero, query = TLanes.Load(work.Query + d), output = TLanes.Load(work.Output + d);
            for (int j = begin; j <= i; j++)
            {
                long at = (long)j * work.Padded + d;
                var slope = TLanes.Broadcast(work.Pulls[j]);
                sum = TLanes.FusedMultiplyAdd(slope, TLanes.Load(work.Keys + at), sum);
                TLanes.FusedMultiplyAdd(slope, query, TLanes.Load(work.KeyGradients + at)).Store(work.KeyGradients + at);
                TLanes.FusedMultiplyAdd(TLanes.Broadcast(work.Weights[j]), output, TLanes.Load(work.ValueGradients + at)).Store(work.ValueGradients + at);
            }
            sum.Store(work.QueryGradient + d);
        }
    }

    /// <summary>Products of a vector with sixteen positions' keys or values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TLanes Products(float* vector, float* across, int positions)
    {
        var sum = TLanes.Zero;
        for (int d = 0; d < shape.HeadDimension; d++, across += positions) sum = TLanes.FusedMultiplyAdd(TLanes.Broadcast(vector[d]), TLanes.Load(across), sum);
        return sum;
    }
}
