namespace Steering.Compute;

/// <summary>
/// What a backend computes: transformer-sized operations whose outputs belong to the caller, so that nothing allocates. Rows are tokens of a step; a row's bits
/// never depend on the other rows, on how rows are split over calls, or on the number of threads (docs/decisions.md 1).
/// </summary>
public interface IKernels : IDisposable
{
    /// <summary>For logs and capabilities: <c>avx512</c>, <c>avx2</c>, <c>portable</c>.</summary>
    string Name { get; }

    /// <summary>How activations enter matrix products.</summary>
    Numerics Numerics { get; }

    /// <summary>What multiplies weights of a type, for logs and capabilities: <c>f32 fma</c>, <c>avx512-bf16</c>.</summary>
    string ProductOf(DType type);

    /// <summary>
    /// The host's threads. Its turns are taken around every use of the kernels but <see cref="CreateWeights"/>, which takes one itself, where several models share the processor; within a turn others may run jobs on it.
    /// </summary>
    ComputePool Pool { get; }

    /// <summary>Lays out a weight for this backend. All sources have the same type and number of columns; their rows are stacked.</summary>
    /// <param name="asStored">Kept as it is whatever other weights are converted to: a router, whose small changes send a row to other experts.</param>
    WeightMatrix CreateWeights(ReadOnlySpan<WeightSource> sources, bool asStored = false);

    /// <summary>output[i] = row ids[i] of the table, times <paramref name="scale"/>.</summary>
    void Embed(TensorView output, NativeList<int> ids, WeightMatrix table, float scale = 1);

    /// <summary>output = input / sqrt(mean(input^2) + epsilon) * weight.</summary>
    /// <param name="consumer">The matrix that output is multiplied by next, unchanged: what it needs of the rows is made on the way.</param>
    LinearInput RmsNorm(TensorView output, TensorView input, TensorView weight, float epsilon, WeightMatrix? consumer = null);

    /// <summary>output = (input - mean(input)) / sqrt(variance(input) + epsilon) * weight + bias; the variance is that of a population.</summary>
    /// <param name="consumer">As for <see cref="RmsNorm"/>.</param>
    LinearInput LayerNorm(TensorView output, TensorView input, TensorView weight, TensorView bias, float epsilon, WeightMatrix? consumer = null);

    /// <summary>RmsNorm in place of every group of weight.Columns columns: of each head, or of a whole projection. Rows may be a slice.</summary>
    void RmsNormGroups(TensorView rows, TensorView weight, float epsilon);

    /// <summary>output = input W^T + bias (a single row, or no rows for none).</summary>
    void Linear(TensorView output, LinearInput input, WeightMatrix weights, TensorView bias);

    /// <summary>target += input W^T + bias: the same bits as <see cref="Linear"/> and <see cref="AddTo"/>.</summary>
    void LinearAdd(TensorView target, LinearInput input, WeightMatrix weights, TensorView bias);

    /// <summary>output = activation(first half) * second half of input W^T + bias: the same bits as <see cref="Linear"/>, <see cref="Activate"/> and <see cref="Multiply"/>.</summary>
    /// <param name="product">Room for the whole product, where it is not done in one pass.</param>
    void GatedLinear(TensorView output, TensorView product, LinearInput input, WeightMatrix weights, TensorView bias, Activation activation);

    /// <summary>Rotates queries and keys in place. Rows of fused are [q | k | v]; cosines and sines are [rows, n], element i turning the pair (i, i + n) of each head; what lies behind 2 n stays.</summary>
    void Rotate(TensorView fused, AttentionShape shape, TensorView cosines, TensorView sines);

    /// <summary>Writes keys and values of every row to its place in the cache.</summary>
    void StoreKv(KvCache cache, int layer, TensorView fused, RowPlaces places);

    /// <summary>output[i] = heads of row i attending to its own position and those before it, as the rule says.</summary>
    void Attend(TensorView output, TensorView fused, KvCache cache, int layer, RowPlaces places, AttentionRule rule);

    /// <summary>output = activation(input).</summary>
    void Activate(TensorView output, TensorView input, Activation activation);

    /// <summary>output = a * b.</summary>
    void Multiply(TensorView output, TensorView a, TensorView b);

    /// <summary>x = cap * tanh(x / cap), in place.</summary>
    void SoftCap(TensorView rows, float cap);

    /// <summary>
    /// Which experts a row uses and how much of each: softmax over all of the row's logits, of which the <paramref name="count"/> largest stay (of equal ones the first) and the others become 0;
    /// <paramref name="renormalise"/>: those that stay add up to 1.
    /// </summary>
    void Route(TensorView weights, TensorView logits, int count, bool renormalise);

    /// <summary>target[rows[i].Row] += rows[i].Weight * source[i].</summary>
    void AddScaledRows(TensorView target, TensorView source, NativeList<RowWeight> rows);

    /// <summary>target += addend.</summary>
    void AddTo(TensorView target, TensorView addend);

    /// <summary>Applies edits in place, in list order within a row.</summary>
    void Intervene(TensorView rows, NativeList<Edit> edits);

    /// <summary>Copies rows out.</summary>
    void CopyRows(TensorView rows, NativeList<RowCopy> copies);
}
