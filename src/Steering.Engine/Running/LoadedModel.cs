using Steering.Compute;
using Steering.Compute.Cpu;
using Steering.Engine.Gradients;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Models;
using Steering.Engine.Templates;
using Steering.Engine.Tokenization;

namespace Steering.Engine.Running;

/// <summary>How a model is loaded.</summary>
public sealed record LoadOptions
{
    /// <summary>The name requests know it by; null: the folder's or file's name.</summary>
    public string? Name { get; init; }

    /// <summary>Compute threads; null: one per core, one left over where there are more than two.</summary>
    public int? Threads { get; init; }

    /// <summary>A pool shared with other models, which outlives them; null: the model gets one of its own.</summary>
    public ComputePool? Pool { get; init; }

    /// <summary>One of <see cref="CpuBackend.Names"/>; null: the fastest the processor has.</summary>
    public string? Kernels { get; init; }

    /// <summary>How activations enter matrix products (docs/decisions.md 1).</summary>
    public Numerics Numerics { get; init; } = Numerics.Exact;

    /// <summary>How weights are kept.</summary>
    public WeightStorage Storage { get; init; } = WeightStorage.Stored;
}

/// <summary>Bytes of weights laid out so far.</summary>
public readonly record struct LoadProgress(long Done, long Total);

/// <summary>A model in memory: configuration, tokenizer, template, weights, and the sites at which it proved steerable. Immutable once loaded.</summary>
public sealed class LoadedModel : IDisposable
{
    private readonly Tokenizer? _tokenizer;
    private readonly DecoderWeights _weights;
    private readonly IKernels _kernels;

    private LoadedModel(string name, ModelConfig config, Tokenizer? tokenizer, ChatTemplate? template, string fingerprint, SiteTable sites, DecoderWeights weights, IReadOnlyDictionary<string, int> storedTypes, IKernels kernels)
    {
        (Name, Config, Template, Fingerprint, Sites, StoredTypes) = (name, config, template, fingerprint, sites, storedTypes);
        (_tokenizer, _weights, _kernels) = (tokenizer, weights, kernels);
    }

    public string Name { get; }
    public ModelConfig Config { get; }
    public Tokenizer Tokenizer => _tokenizer ?? throw new InvalidOperationException($"{Name} was loaded without a tokenizer.");

    /// <summary>Null: the model has no chat template and serves completions only.</summary>
    public ChatTemplate? Template { get; }

    /// <summary>Identity of configuration and weights (docs/decisions.md 21).</summary>
    public string Fingerprint { get; }

    /// <summary>Sites, those that failed the self-test refused with the reason.</summary>
    public SiteTable Sites { get; private set; }

    /// <summary>How the files store tensors, and how many in each way: <c>Q4_1</c> 210, <c>F32</c> 61.</summary>
    public IReadOnlyDictionary<string, int> StoredTypes { get; }

    /// <summary>How weights are kept in memory: the type of the projections.</summary>
    public DType WeightType => _weights.Blocks[0].QueryKeyValue.Matrix.Type;

    /// <summary>In which types weights are kept, for logs: <c>int8, f32</c>.</summary>
    public string KeptTypes => string.Join(", ", _weights.Types.Select(type => type.Name()));

    /// <summary>Bytes of weights in memory.</summary>
    public long WeightBytes => _weights.Bytes;

    public string KernelName => _kernels.Name;

    /// <summary>How activations enter matrix products.</summary>
    public Numerics Numerics => _kernels.Numerics;

    /// <summary>For every type that weights are kept in what multiplies them: <c>bf16</c>, <c>avx512-bf16</c>.</summary>
    public IEnumerable<KeyValuePair<string, string>> Products => _weights.Types.Select(type => KeyValuePair.Create(type.Name(), _kernels.ProductOf(type)));

    /// <summary>The families that can be loaded: values of config.json's model_type.</summary>
    public static IReadOnlyList<string> Families => [.. DecoderFamilies.All.Select(family => family.ModelType)];

    /// <summary>Loads a folder in Hugging Face layout, or a GGUF file.</summary>
    /// <exception cref="ModelFormatException">A file is missing, malformed, or asks for something unsupported; the message names file, field and what would be accepted.</exception>
    public static LoadedModel Load(string path, LoadOptions options, IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var source = ModelSource.Open(path);
        return Load(path, source, source.ReadTokenizer(), source.ReadTemplate(), options, progress, cancellation);
    }

    /// <summary>The same for a folder without a tokenizer, which can be run on token ids only.</summary>
    /// <param name="kernels">Kernels to use instead of those the options ask for; they belong to the model from here on.</param>
    internal static LoadedModel LoadWeights(string path, LoadOptions options, IKernels? kernels = null)
    {
        using var source = ModelSource.Open(path);
        return Load(path, source, null, null, options, null, default, kernels);
    }

    private static LoadedModel Load(string path, ModelSource source, Tokenizer? tokenizer, ChatTemplate? template, LoadOptions options, IProgress<LoadProgress>? progress, CancellationToken cancellation, IKernels? kernels = null)
    {
        var (config, shape, files) = (source.Config, source.Config.Shape, source.Weights);
        string fingerprint = ModelFingerprint.Compute(shape, files);
        kernels ??= options.Pool is { } shared ? CpuBackend.Create(shared, options.Kernels, options.Numerics, options.Storage) : CpuBackend.Create(options.Threads ?? ComputePool.DefaultThreads, options.Kernels, options.Numerics, options.Storage);
        DecoderWeights? weights = null;
        try
        {
            long done = 0, total = files.TotalBytes;
            weights = new DecoderWeights(shape, files, kernels, bytes => progress?.Report(new LoadProgress(done += bytes, total)), cancellation);
            var sites = DecoderSites.Of(shape, fingerprint);
            var model = new LoadedModel(options.Name ?? ModelSource.NameOf(path), config, tokenizer, template, fingerprint, sites, weights, files.StoredTypes, kernels);
            model.Turns.Run(() => model.Sites = sites.Refusing(SiteSelfTest.Failures(model)));
            return model;
        }
        catch
        {
            weights?.Dispose();
            kernels.Dispose();
            throw;
        }
    }

    /// <summary>Who shares the processor takes turns.</summary>
    internal ComputeTurns Turns => Pool.Turns;

    internal ComputePool Pool => _kernels.Pool;

    internal Decoder CreateDecoder(KvCache cache, int maxRows, int maxLogitRows) => new(Config.Shape, _weights, _kernels, Sites, cache, maxRows, maxLogitRows);

    /// <summary>Gradients over at most so many tokens at once.</summary>
    /// <exception cref="NotSupportedException">The model cannot; the message says why.</exception>
    internal ModelGradient CreateGradient(int maxRows, bool inBackground = false) => new(this, _weights, _kernels, maxRows, inBackground);

    /// <summary>Why there are no gradients of this model, as a sentence; null where there are.</summary>
    public string? WhyNoGradients => ModelGradient.WhyNot(Config.Shape, _kernels);

    public void Dispose()
    {
        _weights.Dispose();
        _kernels.Dispose();
    }
}
