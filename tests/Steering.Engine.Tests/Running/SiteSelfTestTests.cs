using Steering.Compute;
using Steering.Compute.Cpu;
using Steering.Engine.Interventions;
using Steering.Engine.Running;

namespace Steering.Tests.Running;

/// <summary>The self-test at load refuses a site at which steering does nothing, and only that site.</summary>
public sealed class SiteSelfTestTests
{
    [Fact]
    public void Every_site_of_a_sound_backend_passes()
    {
        using var model = Load(new FaultyKernels());
        Assert.Equal(model.Sites.Count, model.Sites.All.Length);
    }

    [Fact]
    public void A_site_at_which_edits_do_nothing_is_refused_by_name()
    {
        // Sites are visited in forward order: embed, then nine per block.
        var mlpOut = new Site(SitePoint.MlpOut, 1);
        using var model = Load(new FaultyKernels { DeafAt = 1 + 9 + 8 - 1 });

        Assert.Equal([mlpOut], Refused(model));
        Assert.Contains("was not found there", model.Sites.WhyNot(mlpOut), StringComparison.Ordinal);
    }

    [Fact]
    public void An_edit_that_does_not_reach_the_residual_stream_is_refused()
    {
        using var model = Load(new FaultyKernels { LosesAddition = 2 });

        Assert.Equal([new Site(SitePoint.ResidPre, 1), new Site(SitePoint.AttnOut, 1), new Site(SitePoint.MlpOut, 1)], Refused(model));
    }

    private static Site[] Refused(LoadedModel model) => [.. Enumerable.Range(0, model.Sites.Count).Select(model.Sites.SiteAt).Where(site => !model.Sites.Exists(site))];

    private static LoadedModel Load(FaultyKernels kernels) => LoadedModel.LoadWeights(Repository.PathTo("tests", "Golden", "models", "llama"), new LoadOptions(), kernels);

    /// <summary>Sound kernels with one fault: an intervention that does nothing, or an addition to the residual stream that is forgotten.</summary>
    private sealed class FaultyKernels : IKernels
    {
        private readonly IKernels _sound = CpuBackend.Create(1);
        private int _interventions, _additions;

        /// <summary>Index of the intervention that does nothing.</summary>
        public int DeafAt { get; init; } = -1;

        /// <summary>Index of the addition that is forgotten.</summary>
        public int LosesAddition { get; init; } = -1;

        public string Name => "faulty";
        public ComputePool Pool => _sound.Pool;
        public Numerics Numerics => _sound.Numerics;
        public string ProductOf(DType type) => _sound.ProductOf(type);
        public WeightMatrix CreateWeights(ReadOnlySpan<WeightSource> sources, bool asStored) => _sound.CreateWeights(sources, asStored);
        public void Embed(TensorView output, NativeList<int> ids, WeightMatrix table, float scale) => _sound.Embed(output, ids, table, scale);
        public LinearInput RmsNorm(TensorView output, TensorView input, TensorView weight, float epsilon, WeightMatrix? consumer) => _sound.RmsNorm(output, input, weight, epsilon, consumer);
        public LinearInput LayerNorm(TensorView output, TensorView input, TensorView weight, TensorView bias, float epsilon, WeightMatrix? consumer) => _sound.LayerNorm(output, input, weight, bias, epsilon, consumer);
        public void RmsNormGroups(TensorView rows, TensorView weight, float epsilon) => _sound.RmsNormGroups(rows, weight, epsilon);
        public void Linear(TensorView output, LinearInput input, WeightMatrix weights, TensorView bias) => _sound.Linear(output, input, weights, bias);
        public void Rotate(TensorView fused, AttentionShape shape, TensorView cosines, TensorView sines) => _sound.Rotate(fused, shape, cosines, sines);
        public void StoreKv(KvCache cache, int layer, TensorView fused, RowPlaces places) => _sound.StoreKv(cache, layer, fused, places);
        public void Attend(TensorView output, TensorView fused, KvCache cache, int layer, RowPlaces places, AttentionRule rule) => _sound.Attend(output, fused, cache, layer, places, rule);
        public void Activate(TensorView output, TensorView input, Activation activation) => _sound.Activate(output, input, activation);
        public void Multiply(TensorView output, TensorView a, TensorView b) => _sound.Multiply(output, a, b);
        public void GatedLinear(TensorView output, TensorView product, LinearInput input, WeightMatrix weights, TensorView bias, Activation activation) => _sound.GatedLinear(output, product, input, weights, bias, activation);
        public void SoftCap(TensorView rows, float cap) => _sound.SoftCap(rows, cap);
        public void Route(TensorView weights, TensorView logits, int count, bool renormalise) => _sound.Route(weights, logits, count, renormalise);
        public void AddScaledRows(TensorView target, TensorView source, NativeList<RowWeight> rows) => _sound.AddScaledRows(target, source, rows);
        public void CopyRows(TensorView rows, NativeList<RowCopy> copies) => _sound.CopyRows(rows, copies);

        public void LinearAdd(TensorView target, LinearInput input, WeightMatrix weights, TensorView bias)
        {
            if (_additions++ != LosesAddition) _sound.LinearAdd(target, input, weights, bias);
        }

        public void AddTo(TensorView target, TensorView addend)
        {
            if (_additions++ != LosesAddition) _sound.AddTo(target, addend);
        }

        public void Intervene(TensorView rows, NativeList<Edit> edits)
        {
            if (_interventions++ != DeafAt) _sound.Intervene(rows, edits);
        }

        public void Dispose() => _sound.Dispose();
    }
}
