using System.Collections.Immutable;
using Steering.Compute;
using Steering.Engine.Loading;

namespace Steering.Engine.Models;

/// <summary>The weights of one block in the backend's layout. A bias without rows is no bias.</summary>
internal sealed record BlockWeights
{
    public required TensorView AttentionNorm { get; init; }
    /// <summary>Query, key and value projections stacked: [queryWidth + 2 keyValueWidth, hidden].</summary>
    public required WeightMatrix QueryKeyValue { get; init; }
    public required TensorView QueryKeyValueBias { get; init; }
    public required WeightMatrix AttentionOutput { get; init; }
    public required TensorView AttentionOutputBias { get; init; }
    public required TensorView MlpNorm { get; init; }
    /// <summary>Gate and up projections stacked: [2 intermediate, hidden].</summary>
    public required WeightMatrix GateUp { get; init; }
    public required TensorView GateUpBias { get; init; }
    public required WeightMatrix Down { get; init; }
    public required TensorView DownBias { get; init; }
}

/// <summary>All weights of a decoder, taken from a model's files tensor by tensor; a file's pages are given back as soon as they are laid out (docs/decisions.md 6).</summary>
internal sealed class DecoderWeights : IDisposable
{
    private const int BiasPadding = 32; // the matrix product reads biases a panel at a time
    private readonly Arena _vectors = new();
    private readonly List<WeightMatrix> _matrices = [];
    private readonly IKernels _kernels;
    private readonly ModelWeights _files;
    private readonly Action<long> _progress;

    /// <param name="progress">Called with the bytes of each tensor that is done.</param>
    /// <exception cref="ModelFormatException">A tensor is missing or has another shape or type than the configuration says.</exception>
    public DecoderWeights(DecoderShape shape, ModelWeights files, IKernels kernels, Action<long> progress, CancellationToken cancellation)
    {
        (_kernels, _files, _progress) = (kernels, files, progress);
        try
        {
            Embedding = Matrix("", shape.HiddenSize, ("model.embed_tokens", shape.VocabularySize));
            var blocks = ImmutableArray.CreateBuilder<BlockWeights>(shape.Blocks);
            for (int i = 0; i < shape.Blocks; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                blocks.Add(Block(shape, $"model.layers.{i}."));
            }
            Blocks = blocks.MoveToImmutable();
            FinalNorm = Vector("model.norm.weight", shape.HiddenSize);
            Head = shape.TieWordEmbeddings ? Embedding : Matrix("", shape.HiddenSize, ("lm_head", shape.VocabularySize));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public WeightMatrix Embedding { get; }
    public ImmutableArray<BlockWeights> Blocks { get; }
    public TensorView FinalNorm { get; }

    /// <summary>The output head; the embedding table itself where the two are tied.</summary>
    public WeightMatrix Head { get; }

    public long Bytes => _matrices.Sum(m => m.Bytes) + _vectors.Bytes;

    private BlockWeights Block(DecoderShape s, string at)
    {
        (string, int)[] attention = [("self_attn.q_proj", s.QueryWidth), ("self_attn.k_proj", s.KeyValueWidth), ("self_attn.v_proj", s.KeyValueWidth)];
        (string, int)[] gateUp = [("mlp.gate_proj", s.IntermediateSize), ("mlp.up_proj", s.IntermediateSize)];
        (string, int)[] output = [("self_attn.o_proj", s.HiddenSize)], down = [("mlp.down_proj", s.HiddenSize)];
        return new BlockWeights
        {
            AttentionNorm = Vector(at + "input_layernorm.weight", s.HiddenSize),
            QueryKeyValue = Matrix(at, s.HiddenSize, attention),
            QueryKeyValueBias = Bias(s.AttentionBias, at, attention),
            AttentionOutput = Matrix(at, s.QueryWidth, output),
            AttentionOutputBias = Bias(s.AttentionBias, at, output),
            MlpNorm = Vector(at + "post_attention_layernorm.weight", s.HiddenSize),
            GateUp = Matrix(at, s.HiddenSize, gateUp),
            GateUpBias = Bias(s.MlpBias, at, gateUp),
            Down = Matrix(at, s.IntermediateSize, down),
            DownBias = Bias(s.MlpBias, at, down),
        };
    }

    private WeightMatrix Matrix(string at, int columns, params (string Name, int Rows)[] parts)
    {
        var tensors = parts.Select(p => _files.Require($"{at}{p.Name}.weight", p.Rows, columns)).ToArray();
        var sources = tensors.Select(t => new WeightSource(t.File.Address + (nint)t.Offset, TypeOf(t), (int)t.Shape[0], columns)).ToArray();
        foreach (var (tensor, source) in tensors.Zip(sources))
            if (source.Type != sources[0].Type) throw new ModelFormatException(tensor.File.Path, tensor.Name, $"has dtype {source.Type.Name()}, but {tensors[0].Name}, which is computed together with it, has {sources[0].Type.Name()}");
        var matrix = _kernels.CreateWeights(sources);
        _matrices.Add(matrix);
        Done(tensors);
        return matrix;
    }

    private TensorView Vector(string name, int length)
    {
        var tensor = _files.Require(name, length);
        var vector = _vectors.Matrix(1, length);
        Widen(tensor, vector.Row(0));
        Done(tensor);
        return vector;
    }

    private TensorView Bias(bool present, string at, (string Name, int Rows)[] parts)
    {
        if (!present) return default;
        int length = parts.Sum(p => p.Rows), first = 0;
        var bias = _vectors.Matrix(1, (length + BiasPadding - 1) / BiasPadding * BiasPadding).Slice(0, length);
        foreach (var (name, rows) in parts)
        {
            var tensor = _files.Require($"{at}{name}.bias", rows);
            Widen(tensor, bias.Row(0).Slice(first, rows));
            Done(tensor);
            first += rows;
        }
        return bias;
    }

    private static void Widen(WeightTensor tensor, Span<float> values) => FloatConversion.Widen(tensor.File.Span(tensor.Offset, (int)tensor.Length), tensor.Type, values);

    private void Done(params ReadOnlySpan<WeightTensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            tensor.Release();
            _progress(tensor.Length);
        }
    }

    private static DType TypeOf(WeightTensor tensor) => tensor.Type switch
    {
        ElementType.Float32 => DType.F32,
        ElementType.BFloat16 => DType.Bf16,
        ElementType.Float16 => DType.F16,
        _ => throw new ModelFormatException(tensor.File.Path, tensor.Name, $"has dtype {tensor.Type}; weights that are computed with can be F32, BF16 and F16"),
    };

    public void Dispose()
    {
        foreach (var matrix in _matrices) matrix.Dispose();
        _vectors.Dispose();
    }
}
