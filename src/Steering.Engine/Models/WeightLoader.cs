using Steering.Compute;
using Steering.Engine.Loading;

namespace Steering.Engine.Models;

/// <summary>A tensor that is stacked with others into one matrix.</summary>
/// <param name="Name">Without <c>.weight</c> and <c>.bias</c>.</param>
/// <param name="Rows">Outputs.</param>
/// <param name="Order">For each stored row the output it is; null: as they are.</param>
internal readonly record struct WeightPart(string Name, int Rows, int[]? Order = null);

/// <summary>
/// Lays tensors out for a backend, one by one; a file's pages are given back as soon as they have been read (docs/decisions.md 6). Owns what it has laid out, and knows which tensors of the
/// files nobody asked for.
/// </summary>
internal sealed class WeightLoader(ModelWeights files, IKernels kernels, Action<long> progress) : IDisposable
{
    private const int BiasPadding = 32; // the matrix product reads biases a panel at a time
    private readonly Arena _vectors = new();
    private readonly List<WeightMatrix> _matrices = [];
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    public long Bytes => _matrices.Sum(m => m.Bytes) + _vectors.Bytes;

    public IEnumerable<DType> Types => _matrices.Select(matrix => matrix.Type).Distinct().Order();

    /// <summary>A matrix [rows, columns] that is no projection: an embedding table, a head.</summary>
    public WeightMatrix Table(string name, int rows, int columns) => Matrix(columns, isTransposed: false, asStored: false, (Require(name, rows, columns), null));

    /// <summary>A router of experts, which is never quantised or rounded.</summary>
    public WeightMatrix Router(string name, int experts, int columns) => Matrix(columns, isTransposed: false, asStored: true, (Require(name, experts, columns), null));

    /// <summary>Projections of one input, stacked, with their biases.</summary>
    public LinearWeights Linear(string at, int columns, bool hasBias, bool isTransposed, params ReadOnlySpan<WeightPart> parts)
    {
        var sources = new (WeightTensor, int[]?)[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            string name = $"{at}{parts[i].Name}.weight";
            sources[i] = (isTransposed ? Require(name, columns, parts[i].Rows) : Require(name, parts[i].Rows, columns), parts[i].Order);
        }
        return new LinearWeights(Matrix(columns, isTransposed, asStored: false, sources), hasBias ? Bias(at, parts) : default);
    }

    /// <summary>A vector, with <paramref name="added"/> added to every value.</summary>
    public TensorView Vector(string name, int length, float added = 0)
    {
        var tensor = Require(name, length);
        var vector = _vectors.Matrix(1, length);
        Widen(tensor, vector.Row(0));
        Done(tensor);
        if (added != 0)
            foreach (ref float value in vector.Row(0)) value += added;
        return vector;
    }

    /// <summary>Refuses tensors that were not asked for: a bias the configuration does not know of would be left out of the computation without a word.</summary>
    /// <param name="isNoWeight">True for those that may be left.</param>
    public void RefuseUnread(Func<string, bool> isNoWeight)
    {
        foreach (var (name, tensor) in files.Tensors)
            if (!_read.Contains(name) && !isNoWeight(name)) throw new ModelFormatException(tensor.File.Path, tensor.Name, "has no place in the model that the configuration describes");
    }

    private WeightTensor Require(string name, params ReadOnlySpan<long> shape)
    {
        _read.Add(name);
        return files.Require(name, shape);
    }

    private WeightMatrix Matrix(int columns, bool isTransposed, bool asStored, params ReadOnlySpan<(WeightTensor Tensor, int[]? Order)> parts)
    {
        var sources = new WeightSource[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            var (tensor, order) = parts[i];
            sources[i] = new WeightSource(tensor.File.Address + (nint)tensor.Offset, TypeOf(tensor), (int)tensor.Shape[isTransposed ? 1 : 0], columns, tensor.Format, isTransposed, order ?? tensor.Order);
        }
        var matrix = kernels.CreateWeights(sources, asStored);
        _matrices.Add(matrix);
        foreach (var (tensor, _) in parts) Done(tensor);
        return matrix;
    }

    private TensorView Bias(string at, ReadOnlySpan<WeightPart> parts)
    {
        int length = 0, first = 0;
        foreach (var part in parts) length += part.Rows;
        var bias = _vectors.Matrix(1, (length + BiasPadding - 1) / BiasPadding * BiasPadding).Slice(0, length);
        foreach (var part in parts)
        {
            var tensor = Require($"{at}{part.Name}.bias", part.Rows);
            var values = bias.Row(0).Slice(first, part.Rows);
            Widen(tensor, values);
            if ((part.Order ?? tensor.Order) is { } order) Reorder(values, order);
            Done(tensor);
            first += part.Rows;
        }
        return bias;
    }

    private static void Reorder(Span<float> values, int[] order)
    {
        float[] stored = values.ToArray();
        for (int i = 0; i < stored.Length; i++) values[order[i]] = stored[i];
    }

    private static void Widen(WeightTensor tensor, Span<float> values)
    {
        var bytes = tensor.File.Span(tensor.Offset, (int)tensor.Length);
        if (tensor.Format is { } format) format.Widen(bytes, values);
        else FloatConversion.Widen(bytes, tensor.Type, values);
    }

    private void Done(WeightTensor tensor)
    {
        tensor.Release();
        progress(tensor.Length);
    }

    private static DType TypeOf(WeightTensor tensor) => tensor.Type switch
    {
        ElementType.Float32 => DType.F32,
        ElementType.BFloat16 => DType.Bf16,
        ElementType.Float16 => DType.F16,
        _ when tensor.Format is not null => DType.Int8,
        _ => throw new ModelFormatException(tensor.File.Path, tensor.Name, $"has dtype {tensor.Type}; weights that are computed with can be F32, BF16, F16 and blocks"),
    };

    public void Dispose()
    {
        foreach (var matrix in _matrices) matrix.Dispose();
        _vectors.Dispose();
    }
}
