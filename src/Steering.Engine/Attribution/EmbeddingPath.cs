using Steering.Compute;
using Steering.Engine.Gradients;

namespace Steering.Engine.Attribution;

/// <summary>What was found at a point of a path.</summary>
/// <param name="Value">The objective.</param>
/// <param name="Slopes">For each token the part of the objective's derivative along the path that its embedding has; null where only the value was asked for.</param>
internal readonly record struct PathPoint(double Value, double[]? Slopes);

/// <summary>The straight line from a baseline to the embeddings of a sequence, evaluated at many points in as few runs as fit into the rows a gradient has.</summary>
internal sealed class EmbeddingPath : IDisposable
{
    private readonly ModelGradient _gradient;
    private readonly GradientSequence _sequence;
    private readonly Arena _arena = new();
    private readonly TensorView _input, _baseline, _points, _gradients;
    private readonly CancellationToken _cancellation;

    /// <param name="fillBaseline">Writes the baseline, [tokens, width], which is zeros.</param>
    public EmbeddingPath(ModelGradient gradient, GradientSequence sequence, int width, Action<TensorView> fillBaseline, CancellationToken cancellation)
    {
        (_gradient, _sequence, _cancellation) = (gradient, sequence, cancellation);
        int tokens = sequence.Tokens.Length;
        PointsAtOnce = Math.Max(1, gradient.MaxRows / tokens);
        _input = _arena.Matrix(tokens, width);
        _baseline = _arena.Matrix(tokens, width);
        (_points, _gradients) = (_arena.Matrix(PointsAtOnce * tokens, width), _arena.Matrix(PointsAtOnce * tokens, width));
        gradient.Embed(_input, sequence.Tokens.AsSpan());
        fillBaseline(_baseline);
    }

    /// <summary>Points that are computed together.</summary>
    public int PointsAtOnce { get; }

    /// <summary>Evaluates baseline + at (input - baseline).</summary>
    /// <param name="advance">Called with the points done at each time.</param>
    public PathPoint[] Evaluate(ReadOnlySpan<double> points, bool wantsSlopes, Action<int>? advance = null)
    {
        var found = new PathPoint[points.Length];
        for (int first = 0; first < points.Length; first += PointsAtOnce)
        {
            int count = Math.Min(PointsAtOnce, points.Length - first), tokens = _input.Rows;
            for (int p = 0; p < count; p++) Interpolate(points[first + p], p * tokens);
            var (rows, gradients) = (_points.Take(count * tokens), _gradients.Take(count * tokens));
            double[] values = _gradient.Run([.. Enumerable.Repeat(_sequence, count)], rows, wantsSlopes ? gradients : default, cancellation: _cancellation);
            for (int p = 0; p < count; p++) found[first + p] = new PathPoint(values[p], wantsSlopes ? Slopes(gradients, p * tokens) : null);
            advance?.Invoke(count);
        }
        return found;
    }

    private void Interpolate(double at, int firstRow)
    {
        for (int token = 0; token < _input.Rows; token++)
        {
            Span<float> x = _input.Row(token), b = _baseline.Row(token), y = _points.Row(firstRow + token);
            for (int d = 0; d < y.Length; d++) y[d] = (float)(b[d] + at * ((double)x[d] - b[d]));
        }
    }

    private double[] Slopes(TensorView gradients, int firstRow)
    {
        var slopes = new double[_input.Rows];
        for (int token = 0; token < slopes.Length; token++)
        {
            Span<float> x = _input.Row(token), b = _baseline.Row(token), g = gradients.Row(firstRow + token);
            double sum = 0;
            for (int d = 0; d < x.Length; d++) sum += ((double)x[d] - b[d]) * g[d];
            slopes[token] = sum;
        }
        return slopes;
    }

    public void Dispose() => _arena.Dispose();
}
