namespace Steering.Compute;

/// <summary>
/// What a backend computes: transformer-sized operations whose outputs belong to the caller, so that nothing allocates. Rows are tokens of a step; a row's bits
/// never depend on the other rows, on how rows are split over calls, or on the number of threads (docs/decisions.md 1).
/// </summary>
public interface IKernels : IDisposable
{
    /// <summary>For logs and capabilities: <c>avx512</c>, <c>avx2</c>, <c>portable</c>.</summary>
    string Name { get; }

    /// <summary>Lays out a weight for this backend. All sources have the same type and number of columns; their rows are stacked.</summary>
    WeightMatrix CreateWeights(ReadOnlySpan<WeightSource> sources);

    /// <summary>output[i] = row ids[i] of the table.</summary>
    void Embed(TensorView output, NativeList<int> ids, WeightMatrix table);

    /// <summary>output = input / sqrt(mean(input^2) + epsilon) * weight.</summary>
    void RmsNorm(TensorView output, TensorView input, TensorView weight, float epsilon);

    /// <summary>output = input W^T + bias (a single row, or no rows for none).</summary>
    void Linear(TensorView output, TensorView input, WeightMatrix weights, TensorView bias);

    /// <summary>Rotates queries and keys in place. Rows of fused are [q | k | v]; cosines and sines are [rows, headDimension / 2], element i turning the pair (i, i + headDimension / 2).</summary>
    void Rotate(TensorView fused, AttentionShape shape, TensorView cosines, TensorView sines);

    /// <summary>Writes keys and values of every row to its place in the cache.</summary>
    void StoreKv(KvCache cache, int layer, TensorView fused, RowPlaces places);

    /// <summary>output[i] = heads of row i attending to positions 0 .. its own, scores scaled by <paramref name="scale"/>.</summary>
    void Attend(TensorView output, TensorView fused, KvCache cache, int layer, RowPlaces places, float scale);

    /// <summary>output = silu(input).</summary>
    void Silu(TensorView output, TensorView input);

    /// <summary>output = a * b.</summary>
    void Multiply(TensorView output, TensorView a, TensorView b);

    /// <summary>output = silu(gate) * up: the same bits as <see cref="Silu"/> and <see cref="Multiply"/>.</summary>
    void SiluMultiply(TensorView output, TensorView gate, TensorView up);

    /// <summary>target += addend.</summary>
    void AddTo(TensorView target, TensorView addend);

    /// <summary>Applies edits in place, in list order within a row.</summary>
    void Intervene(TensorView rows, NativeList<Edit> edits);

    /// <summary>Copies rows out.</summary>
    void CopyRows(TensorView rows, NativeList<RowCopy> copies);
}
