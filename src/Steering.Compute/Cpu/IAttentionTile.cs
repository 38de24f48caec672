namespace Steering.Compute.Cpu;

/// <summary>
/// How attention reads the keys and values of a tile of 64 positions, which lie in memory as <see cref="KvLayout"/> says. A score is one chain over ascending dimensions, however many queries share the loads;
/// the products with values are those of <see cref="AttentionValues{TLanes, TTile}"/>.
/// </summary>
internal unsafe interface IAttentionTile<TLanes> where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>scores[i] = query . key i for the first 32 or all positions, whichever holds <paramref name="end"/>: a tile that is not yet full is not read to its end.</summary>
    static abstract void Scores<TAhead>(float* query, float* keys, int dimension, int end, float* scores, TAhead ahead) where TAhead : unmanaged, IAhead;

    static abstract void Scores4(float* q0, float* q1, float* q2, float* q3, float* keys, int dimension, float* y0, float* y1, float* y2, float* y3, Ahead ahead);

    /// <summary>Words of so many dimensions of values.</summary>
    static abstract int Words(int dimensions);

    /// <summary>Sixteen values from an address on, and sixteen from <paramref name="apart"/> dimensions later: 16, or 0 where the row ends before.</summary>
    static abstract void Load(float* values, int apart, out TLanes first, out TLanes second);
}
