namespace Steering.Compute.Cpu;

/// <summary>
/// The two products of attention over one tile of 64 positions, for one query and for four: a score is one chain over ascending dimensions, an output one chain over ascending positions, however many
/// queries share the loads. <see cref="KvLayout"/> says how keys and values lie in memory.
/// </summary>
internal unsafe interface IAttentionTile<TLanes> where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>scores[i] = query . key i for the first 32 or all positions, whichever holds <paramref name="end"/>: a tile that is not yet full is not read to its end.</summary>
    static abstract void Scores(float* query, float* keys, int dimension, int end, float* scores);

    static abstract void Scores4(float* q0, float* q1, float* q2, float* q3, float* keys, int dimension, float* y0, float* y1, float* y2, float* y3);

    /// <summary>sum = sum * correction + sum over positions [first, end) of weight * value, position by position.</summary>
    /// <param name="padded">Dimensions of sums and values, <see cref="KvLayout.PaddedHead"/>.</param>
    static abstract void AddValues(float* sum, float* weights, float* values, int first, int end, int padded, float correction);

    static abstract void AddValues4(float* y0, float* y1, float* y2, float* y3, float* w0, float* w1, float* w2, float* w3, float* values, int first, int end, int padded, float c0, float c1, float c2, float c3);
}
