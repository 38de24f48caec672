using Steering.Compute;
using Steering.Engine.Gradients;
using Steering.Engine.Running;
using Steering.Engine.Sampling;

namespace Steering.Engine.Attribution;

/// <summary>Says how much of an objective each token of a sequence is responsible for. One at a time; runs beside serving and takes turns with it block by block.</summary>
public sealed class Attributor : IDisposable
{
    // Rows of one run where a sequence is shorter: a block of them is a turn on the pool, so this bounds how long a step of serving waits.
    private const int RowsAtOnce = 256, RowsInBackground = 32;

    /// <summary>The smallest <see cref="AttributionOptions.Budget"/>.</summary>
    public const int LeastBudget = AdaptiveIntegral.LeastBudget;

    private readonly LoadedModel _model;
    private readonly ModelGradient _gradient;
    private readonly int _width;
    private float[]? _mean;

    /// <param name="longest">Tokens of the longest sequence.</param>
    /// <param name="inBackground">Whether nobody waits for the results: turns are then short, and come where others pause.</param>
    /// <exception cref="NotSupportedException">The model has no gradients; the message says why.</exception>
    public Attributor(LoadedModel model, int longest, bool inBackground = false)
    {
        (_model, _width) = (model, model.Sites.HiddenWidth);
        _gradient = model.CreateGradient(Math.Max(inBackground ? RowsInBackground : RowsAtOnce, longest), inBackground);
    }

    /// <summary>About how many bytes attributions of sequences up to so many tokens take while they run.</summary>
    public static long BytesFor(LoadedModel model, int longest) => ModelGradient.BytesFor(model.Config.Shape, Math.Max(RowsAtOnce, longest)) + 4L * sizeof(float) * Math.Max(RowsAtOnce, longest) * model.Sites.HiddenWidth;

    /// <summary>Why options cannot be used, as a clause; null if they can.</summary>
    public static string? WhyNot(AttributionOptions options) => options switch
    {
        { Rule: AttributionRule.Trapezoid, Baseline: AttributionBaseline.Zero, Method: AttributionMethod.IntegratedGradients } =>
            "the trapezoid rule evaluates the ends of the path, and at a zero baseline the gradient of a model with norms is without bound; use gauss_legendre or adaptive, or the baseline pad or mean",
        { Rule: AttributionRule.Trapezoid, Points: < 2 } => "the trapezoid rule needs at least 2 points",
        { Points: < 1 } => "at least 1 point is needed",
        { Budget: < LeastBudget } => $"the adaptive rule needs a budget of at least {LeastBudget} gradients",
        _ => null,
    };

    /// <summary>Attributions of a sequence's objective to its tokens.</summary>
    /// <exception cref="ArgumentException">The options cannot be used (<see cref="WhyNot"/>).</exception>
    public AttributionResult Attribute(GradientSequence sequence, AttributionOptions options, Action<AttributionProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (WhyNot(options) is { } reason) throw new ArgumentException(reason, nameof(options));
        int done = 0;
        void Advance(int count) => progress?.Invoke(new AttributionProgress(done += count, options.Points));
        if (options.Method == AttributionMethod.SmoothGrad) return SmoothGrad(sequence, options, Advance, cancellation);
        // Gradient times input is the slope at the end of the path from zero.
        bool isIntegral = options.Method == AttributionMethod.IntegratedGradients;
        var from = isIntegral ? options.Baseline : AttributionBaseline.Zero;
        using var path = new EmbeddingPath(_gradient, sequence, _width, baseline => FillBaseline(baseline, from, options.PadToken), cancellation);
        if (!isIntegral)
        {
            var input = path.Evaluate([1], wantsSlopes: true)[0];
            return new AttributionResult(input.Slopes!, input.Value, double.NaN, 1, null);
        }
        if (options.Rule == AttributionRule.Adaptive) return AdaptiveIntegral.Compute(path, options.Tolerance, options.Budget, progress);
        var rule = options.Rule switch
        {
            AttributionRule.GaussLegendre => QuadratureRule.GaussLegendre(options.Points),
            AttributionRule.Midpoint => QuadratureRule.Midpoint(options.Points),
            _ => QuadratureRule.Trapezoid(options.Points),
        };
        var ends = path.Evaluate([0, 1], wantsSlopes: false);
        var points = path.Evaluate([.. rule.Select(point => point.At)], wantsSlopes: true, Advance);
        var scores = new double[sequence.Tokens.Length];
        for (int p = 0; p < points.Length; p++)
            for (int i = 0; i < scores.Length; i++) scores[i] += rule[p].Weight * points[p].Slopes![i];
        return new AttributionResult(scores, ends[1].Value, ends[0].Value, points.Length, null);
    }

    private void FillBaseline(TensorView baseline, AttributionBaseline from, int padToken)
    {
        switch (from)
        {
            case AttributionBaseline.Pad:
                _gradient.Embed(baseline, [.. Enumerable.Repeat(padToken, baseline.Rows)]);
                break;
            case AttributionBaseline.Mean:
                _mean ??= MeanEmbedding();
                for (int row = 0; row < baseline.Rows; row++) _mean.CopyTo(baseline.Row(row));
                break;
        }
    }

    private float[] MeanEmbedding()
    {
        int vocabulary = _model.Config.Shape.VocabularySize;
        var sums = new double[_width];
        using var arena = new Arena();
        var rows = arena.Matrix(RowsAtOnce, _width);
        for (int first = 0; first < vocabulary; first += RowsAtOnce)
        {
            int count = Math.Min(RowsAtOnce, vocabulary - first);
            _gradient.Embed(rows.Take(count), [.. Enumerable.Range(first, count)]);
            for (int row = 0; row < count; row++)
                for (int d = 0; d < _width; d++) sums[d] += rows.Row(row)[d];
        }
        return [.. sums.Select(sum => (float)(sum / vocabulary))];
    }

    private AttributionResult SmoothGrad(GradientSequence sequence, AttributionOptions options, Action<int> advance, CancellationToken cancellation)
    {
        int tokens = sequence.Tokens.Length, atOnce = Math.Max(1, _gradient.MaxRows / tokens);
        using var arena = new Arena();
        TensorView input = arena.Matrix(tokens, _width), noisy = arena.Matrix(atOnce * tokens, _width), gradients = arena.Matrix(atOnce * tokens, _width);
        _gradient.Embed(input, sequence.Tokens.AsSpan());
        var scores = new double[tokens];
        for (int first = 0; first < options.Points; first += atOnce)
        {
            int count = Math.Min(atOnce, options.Points - first);
            for (int row = 0; row < count * tokens; row++)
            {
                Span<float> x = input.Row(row % tokens), y = noisy.Row(row);
                for (int d = 0; d < y.Length; d++) y[d] = (float)(x[d] + options.Noise * Normal(options.Seed, (long)first * tokens + row, d));
            }
            _gradient.Run([.. Enumerable.Repeat(sequence, count)], noisy.Take(count * tokens), gradients.Take(count * tokens), cancellation: cancellation);
            for (int row = 0; row < count * tokens; row++)
                foreach (float value in gradients.Row(row)) scores[row % tokens] += value / (double)options.Points;
            advance(count);
        }
        double valueAtInput = _gradient.Run([sequence], input, default, cancellation: cancellation)[0];
        return new AttributionResult(scores, valueAtInput, double.NaN, options.Points, null);
    }

    /// <summary>A normal deviate by Box and Muller; its number belongs to a row and a value, so batches do not shift it.</summary>
    private static double Normal(ulong seed, long row, int value)
    {
        int at = checked((int)row);
        double first = CounterRandom.Uniform(seed, at, 2 * value), second = CounterRandom.Uniform(seed, at, 2 * value + 1);
        return Math.Sqrt(-2 * Math.Log(1 - first)) * Math.Cos(2 * Math.PI * second);
    }

    public void Dispose() => _gradient.Dispose();
}
