using System.Collections.Immutable;
using Steering.Compute;
using Steering.Engine.Loading;

namespace Steering.Engine.Models;

/// <summary>All weights of a decoder, found under its family's names; they belong to the loader.</summary>
internal sealed class DecoderWeights : IDisposable
{
    private readonly DecoderShape _shape;
    private readonly TensorNames _names;
    private readonly WeightLoader _loader;

    /// <param name="progress">Called with the bytes of each tensor that is done.</param>
    /// <exception cref="ModelFormatException">A tensor is missing, has another shape or type than the configuration says, or has no place in the model.</exception>
    public DecoderWeights(DecoderShape shape, ModelWeights files, IKernels kernels, Action<long> progress, CancellationToken cancellation)
    {
        (_shape, _names) = (shape, DecoderFamilies.Of(shape).Tensors);
        string prefix = files.TryFind($"{_names.OptionalPrefix}{_names.Embedding}.weight", out _) ? _names.OptionalPrefix : "";
        _loader = new WeightLoader(files, kernels, progress);
        try
        {
            Embedding = _loader.Table($"{prefix}{_names.Embedding}.weight", shape.VocabularySize, shape.HiddenSize);
            if (shape.LearnedPositions) Positions = _loader.Table($"{prefix}{_names.Positions}.weight", shape.MaxPositions, shape.HiddenSize);
            var blocks = ImmutableArray.CreateBuilder<BlockWeights>(shape.Blocks);
            for (int i = 0; i < shape.Blocks; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                blocks.Add(Block($"{prefix}{_names.Block}{i}.", shape.BlockShapes[i].HasExperts, cancellation));
            }
            Blocks = blocks.MoveToImmutable();
            FinalNorm = Norm(prefix, _names.FinalNorm);
            Head = shape.TieWordEmbeddings ? Embedding : _loader.Table($"{_names.Head}.weight", shape.VocabularySize, shape.HiddenSize);
            _loader.RefuseUnread(name => (shape.TieWordEmbeddings && name == $"{_names.Head}.weight") || TensorNames.Buffers.Any(end => name.EndsWith(end, StringComparison.Ordinal)));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public WeightMatrix Embedding { get; }

    /// <summary>A vector for each position; null where positions are rotated in.</summary>
    public WeightMatrix? Positions { get; }
    public ImmutableArray<BlockWeights> Blocks { get; }
    public NormWeights FinalNorm { get; }

    /// <summary>The output head; the embedding table itself where the two are tied.</summary>
    public WeightMatrix Head { get; }

    public long Bytes => _loader.Bytes;

    /// <summary>The types of all matrices.</summary>
    public IEnumerable<DType> Types => _loader.Types;

    private BlockWeights Block(string at, bool hasExperts, CancellationToken cancellation) => new()
    {
        AttentionNorm = Norm(at, _names.AttentionNorm),
        QueryKeyValue = QueryKeyValue(at),
        QueryNorm = HeadNorm($"{at}{_names.QueryNorm}.weight", _shape.QueryWidth),
        KeyNorm = HeadNorm($"{at}{_names.KeyNorm}.weight", _shape.KeyValueWidth),
        AttentionOutput = _loader.Linear(at, _shape.QueryWidth, _shape.AttentionOutputBias, _names.IsTransposed, new WeightPart(_names.AttentionOutput, _shape.HiddenSize)),
        AttentionPostNorm = Norm(at, _names.AttentionPostNorm),
        MlpNorm = Norm(at, _names.MlpNorm),
        Mlp = hasExperts ? null : Mlp(at, _names.GateUp, _names.Down, _shape.IntermediateSize),
        Router = hasExperts ? _loader.Router($"{at}{_names.Router}.weight", _shape.Experts!.Count, _shape.HiddenSize) : null,
        Experts = hasExperts ? Experts(at, _shape.Experts!, cancellation) : [],
        MlpPostNorm = Norm(at, _names.MlpPostNorm),
    };

    private LinearWeights QueryKeyValue(string at)
    {
        int[] widths = [_shape.QueryWidth, _shape.KeyValueWidth, _shape.KeyValueWidth];
        WeightPart[] parts = _names.QueryKeyValue is [var stacked]
            ? [new WeightPart(stacked, widths.Sum(), _names.InterleavesHeads ? HeadByHead(_shape.Heads, _shape.HeadDimension) : null)]
            : [.. _names.QueryKeyValue.Zip(widths, (name, width) => new WeightPart(name, width))];
        return _loader.Linear(at, _shape.HiddenSize, _shape.AttentionBias, _names.IsTransposed, parts);
    }

    private MlpWeights Mlp(string at, ImmutableArray<string> gateUp, string down, int width)
    {
        WeightPart[] parts = gateUp is [var stacked] ? [new WeightPart(stacked, _shape.IsGated ? 2 * width : width)] : [.. gateUp.Select(name => new WeightPart(name, width))];
        return new MlpWeights(
            _loader.Linear(at, _shape.HiddenSize, _shape.MlpBias, _names.IsTransposed, parts),
            _loader.Linear(at, width, _shape.MlpBias, _names.IsTransposed, new WeightPart(down, _shape.HiddenSize)));
    }

    private ImmutableArray<MlpWeights> Experts(string at, ExpertShape experts, CancellationToken cancellation)
    {
        var all = ImmutableArray.CreateBuilder<MlpWeights>(experts.Count);
        for (int e = 0; e < experts.Count; e++)
        {
            cancellation.ThrowIfCancellationRequested();
            all.Add(Mlp($"{at}{_names.Expert}{e}.", _names.ExpertGateUp, _names.ExpertDown, experts.IntermediateSize));
        }
        return all.MoveToImmutable();
    }

    private NormWeights Norm(string at, string? name)
    {
        if (name is null) return default;
        var weight = _loader.Vector($"{at}{name}.weight", _shape.HiddenSize, AddedToNorms);
        return new NormWeights(weight, _shape.Norm == NormKind.LayerNorm ? _loader.Vector($"{at}{name}.bias", _shape.HiddenSize) : default);
    }

    private TensorView HeadNorm(string name, int width) => _shape.QueryKeyNorm switch
    {
        QueryKeyNorm.Head => _loader.Vector(name, _shape.HeadDimension, AddedToNorms),
        QueryKeyNorm.Projection => _loader.Vector(name, width, AddedToNorms),
        _ => default,
    };

    private float AddedToNorms => _shape.Norm == NormKind.RmsNormPlusOne ? 1 : 0;

    /// <summary>Where rows that go head by head, each with query, key and value, belong in a stack of all queries, all keys, all values.</summary>
    private static int[] HeadByHead(int heads, int width) =>
        [.. Enumerable.Range(0, 3 * heads * width).Select(row => (row / width % 3 * heads + row / (3 * width)) * width + row % width)];

    public void Dispose() => _loader.Dispose();
}
