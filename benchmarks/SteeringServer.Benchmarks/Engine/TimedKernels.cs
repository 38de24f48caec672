using System.Diagnostics;
using Steering.Compute;

namespace SteeringServer.Benchmarks.Engine;

/// <summary>Kernels that count where the time goes. For one engine thread.</summary>
internal sealed class TimedKernels(IKernels inner) : IKernels, IGradientKernels
{
    private readonly Dictionary<string, long> _ticks = [];

    public string Name => inner.Name;
    public Numerics Numerics => inner.Numerics;
    public ComputePool Pool => inner.Pool;
    public string ProductOf(DType type) => inner.ProductOf(type);

    /// <summary>Whether time goes by uncounted.</summary>
    public bool IsPaused { get; set; }

    /// <summary>Forgets what was counted.</summary>
    public void Reset() => _ticks.Clear();

    /// <summary>Shares of <paramref name="total"/>, the largest first; what is left is sampling and the engine's own work.</summary>
    public string Report(TimeSpan total)
    {
        var parts = _ticks.OrderByDescending(pair => pair.Value).Select(pair => (pair.Key, Share: Stopwatch.GetElapsedTime(0, pair.Value) / total)).ToList();
        parts.Add(("rest", 1 - parts.Sum(part => part.Share)));
        return string.Join(", ", parts.Where(part => part.Share >= 0.005).Select(part => FormattableString.Invariant($"{part.Key} {100 * part.Share:f1}%")));
    }

    private void Time(string name, Action work) => Time(name, () =>
    {
        work();
        return 0;
    });

    private T Time<T>(string name, Func<T> work)
    {
        if (IsPaused) return work();
        long start = Stopwatch.GetTimestamp();
        var result = work();
        _ticks[name] = _ticks.GetValueOrDefault(name) + Stopwatch.GetTimestamp() - start;
        return result;
    }

    public WeightMatrix CreateWeights(ReadOnlySpan<WeightSource> sources, bool asStored) => inner.CreateWeights(sources, asStored);
    public void Embed(TensorView output, NativeList<int> ids, WeightMatrix table, float scale) => Time("embed", () => inner.Embed(output, ids, table, scale));
    public LinearInput RmsNorm(TensorView output, TensorView input, TensorView weight, float epsilon, WeightMatrix? consumer) => Time("norm", () => inner.RmsNorm(output, input, weight, epsilon, consumer));
    public LinearInput LayerNorm(TensorView output, TensorView input, TensorView weight, TensorView bias, float epsilon, WeightMatrix? consumer) => Time("norm", () => inner.LayerNorm(output, input, weight, bias, epsilon, consumer));
    public void RmsNormGroups(TensorView rows, TensorView weight, float epsilon) => Time("norm", () => inner.RmsNormGroups(rows, weight, epsilon));
    public void Linear(TensorView output, LinearInput input, WeightMatrix weights, TensorView bias) => Time("products", () => inner.Linear(output, input, weights, bias));
    public void LinearAdd(TensorView target, LinearInput input, WeightMatrix weights, TensorView bias) => Time("products", () => inner.LinearAdd(target, input, weights, bias));
    public void Rotate(TensorView fused, AttentionShape shape, TensorView cosines, TensorView sines) => Time("rotate", () => inner.Rotate(fused, shape, cosines, sines));
    public void StoreKv(KvCache cache, int layer, TensorView fused, RowPlaces places) => Time("store", () => inner.StoreKv(cache, layer, fused, places));
    public void Attend(TensorView output, TensorView fused, KvCache cache, int layer, RowPlaces places, AttentionRule rule) => Time("attention", () => inner.Attend(output, fused, cache, layer, places, rule));
    public void Activate(TensorView output, TensorView input, Activation activation) => Time("activation", () => inner.Activate(output, input, activation));
    public void Multiply(TensorView output, TensorView a, TensorView b) => Time("activation", () => inner.Multiply(output, a, b));
    public void GatedLinear(TensorView output, TensorView product, LinearInput input, WeightMatrix weights, TensorView bias, Activation activation) => Time("products", () => inner.GatedLinear(output, product, input, weights, bias, activation));
    public void SoftCap(TensorView rows, float cap) => Time("activation", () => inner.SoftCap(rows, cap));
    public void Route(TensorView weights, TensorView logits, int count, bool renormalise) => Time("experts", () => inner.Route(weights, logits, count, renormalise));
    public void AddScaledRows(TensorView target, TensorView source, NativeList<RowWeight> rows) => Time("experts", () => inner.AddScaledRows(target, source, rows));
    public void AddTo(TensorView target, TensorView addend) => Time("residual", () => inner.AddTo(target, addend));
    public void Intervene(TensorView rows, NativeList<Edit> edits) => Time("steering", () => inner.Intervene(rows, edits));
    public void CopyRows(TensorView rows, NativeList<RowCopy> copies) => Time("copies", () => inner.CopyRows(rows, copies));

    private IGradientKernels Gradients => (IGradientKernels)inner;

    public void RmsNormGradient(TensorView target, TensorView gradient, TensorView input, TensorView weight, float epsilon) => Time("norm back", () => Gradients.RmsNormGradient(target, gradient, input, weight, epsilon));
    public void LayerNormGradient(TensorView target, TensorView gradient, TensorView input, TensorView weight, float epsilon) => Time("norm back", () => Gradients.LayerNormGradient(target, gradient, input, weight, epsilon));
    public void RmsNormGroupsGradient(TensorView gradient, TensorView input, TensorView weight, float epsilon) => Time("norm back", () => Gradients.RmsNormGroupsGradient(gradient, input, weight, epsilon));
    public void LinearGradient(TensorView target, TensorView gradient, WeightMatrix weights) => Time("products back", () => Gradients.LinearGradient(target, gradient, weights));
    public void ActivateGradient(TensorView gradient, TensorView input, Activation activation) => Time("activation back", () => Gradients.ActivateGradient(gradient, input, activation));
    public void AttendGradient(TensorView target, TensorView gradient, TensorView fused, AttentionShape shape, NativeList<RowSpan> sequences, AttentionRule rule) => Time("attention back", () => Gradients.AttendGradient(target, gradient, fused, shape, sequences, rule));

    public void Dispose() => inner.Dispose();
}
