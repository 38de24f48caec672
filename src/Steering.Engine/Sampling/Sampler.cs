using Steering.Engine.Generation;

namespace Steering.Engine.Sampling;

/// <summary>
/// Draws tokens. Order: bias, frequency and presence penalties, repetition penalty, temperature, top_k, top_p, min_p; each filter sees the distribution that the one
/// before left. Temperature 0 takes the largest logit, the first of equals. Draws invert the cumulative distribution in the order of token ids, at
/// <see cref="CounterRandom"/>'s number for (seed, choice, position).
/// A logit that is NaN counts as -infinity; those that are +infinity share all probability; if none is above -infinity, there is nothing to draw from.
/// Belongs to one engine thread: it owns its workspaces and allocates nothing per call.
/// </summary>
/// <param name="vocabularySize">Logits per call.</param>
public sealed class Sampler(int vocabularySize)
{
    private readonly double[] _weights = new double[vocabularySize];
    private readonly double[] _blockSums = new double[(vocabularySize + Exponentials.BlockSize - 1) / Exponentials.BlockSize];
    // Only sequences with top_k, top_p or min_p need these.
    private int[]? _candidates;
    private float[]? _candidateLogits;
    private double[]? _scratch, _room;

    /// <summary>The next token.</summary>
    /// <param name="logits">One per token of the vocabulary; destroyed.</param>
    /// <param name="parameters">How to draw.</param>
    /// <param name="counts">The sequence's tokens; may be null where no penalty is set.</param>
    /// <param name="position">Position of the drawn token in its sequence.</param>
    /// <exception cref="InvalidOperationException">No logit is above -infinity.</exception>
    public int Sample(Span<float> logits, SamplingParameters parameters, TokenCounts? counts, int position)
    {
        float max = Prepare(logits, parameters, counts);
        if (IsGreedy(parameters)) return Exponentials.IndexOf(logits, max);
        double uniform = CounterRandom.Uniform(parameters.Seed, parameters.Choice, position);
        if (!HasFilter(parameters)) return DrawFromAll(logits, max, 1 / parameters.Temperature, uniform);
        return DrawFromCandidates(Filter(logits, max, parameters), uniform);
    }

    /// <summary>The distribution that <see cref="Sample"/> draws from.</summary>
    /// <param name="logits">One per token of the vocabulary; destroyed.</param>
    /// <param name="parameters">How to draw; seed and choice do not matter.</param>
    /// <param name="counts">The sequence's tokens; may be null where no penalty is set.</param>
    /// <param name="probabilities">As many as logits; 0 for tokens that are filtered out.</param>
    /// <exception cref="InvalidOperationException">No logit is above -infinity.</exception>
    public void Probabilities(Span<float> logits, SamplingParameters parameters, TokenCounts? counts, Span<double> probabilities)
    {
        float max = Prepare(logits, parameters, counts);
        probabilities.Clear();
        if (IsGreedy(parameters))
        {
            probabilities[Exponentials.IndexOf(logits, max)] = 1;
        }
        else if (HasFilter(parameters))
        {
            int count = Filter(logits, max, parameters);
            double sum = Sum(_weights.AsSpan(0, count));
            for (int i = 0; i < count; i++) probabilities[_candidates![i]] = _weights[i] / sum;
        }
        else
        {
            double sum = WeighAll(logits, max, 1 / parameters.Temperature);
            for (int i = 0; i < logits.Length; i++) probabilities[i] = _weights[i] / sum;
        }
    }

    // A temperature whose inverse overflows leaves nothing but the largest logit either.
    private static bool IsGreedy(SamplingParameters parameters) => double.IsInfinity(1 / parameters.Temperature);

    private bool HasFilter(SamplingParameters parameters) => HasTopK(parameters) || parameters.TopP < 1 || parameters.MinP > 0;

    private bool HasTopK(SamplingParameters parameters) => parameters.TopK > 0 && parameters.TopK < vocabularySize;

    // Adjusts the logits and returns the largest, made finite.
    private float Prepare(Span<float> logits, SamplingParameters parameters, TokenCounts? counts)
    {
        if (logits.Length != vocabularySize) throw new ArgumentException($"{logits.Length} logits for a vocabulary of {vocabularySize}", nameof(logits));
        LogitAdjustments.Apply(logits, parameters, counts);
        float max = Exponentials.Max(logits);
        if (float.IsNegativeInfinity(max)) throw new InvalidOperationException("There is no token to draw: every logit is -infinity or NaN.");
        if (float.IsFinite(max)) return max;
        foreach (ref float logit in logits) logit = float.IsPositiveInfinity(logit) ? 0 : float.NegativeInfinity;
        return 0;
    }

    private double WeighAll(ReadOnlySpan<float> logits, float max, double scale)
    {
        double sum = 0;
        for (int start = 0; start < logits.Length; start += Exponentials.BlockSize) sum += Exponentials.Weigh(Block(logits, start), max, scale, _weights.AsSpan(start));
        return sum;
    }

    private static ReadOnlySpan<float> Block(ReadOnlySpan<float> logits, int start) => logits.Slice(start, Math.Min(Exponentials.BlockSize, logits.Length - start));

    // Weights of a block are computed twice where the draw falls into it, instead of all of them being kept.
    private int DrawFromAll(ReadOnlySpan<float> logits, float max, double scale, double uniform)
    {
        var weights = _weights.AsSpan(0, Math.Min(Exponentials.BlockSize, logits.Length));
        double sum = 0, cumulative = 0;
        for (int i = 0; i < _blockSums.Length; i++) sum += _blockSums[i] = Exponentials.Weigh(Block(logits, i * Exponentials.BlockSize), max, scale, weights);
        double target = uniform * sum;
        int block = 0;
        while (block < _blockSums.Length - 1 && cumulative + _blockSums[block] <= target) cumulative += _blockSums[block++];
        var drawn = Block(logits, block * Exponentials.BlockSize);
        Exponentials.Weigh(drawn, max, scale, weights);
        return block * Exponentials.BlockSize + FirstAbove(weights[..drawn.Length], cumulative, target);
    }

    private int DrawFromCandidates(int count, double uniform)
    {
        var weights = _weights.AsSpan(0, count);
        return _candidates![FirstAbove(weights, 0, uniform * Sum(weights))];
    }

    // Leaves the surviving tokens in _candidates and their weights in _weights, in the order of ids, and returns how many they are.
    private int Filter(Span<float> logits, float max, SamplingParameters parameters)
    {
        _candidates ??= new int[vocabularySize];
        _candidateLogits ??= new float[vocabularySize];
        _scratch ??= new double[vocabularySize];
        _room ??= new double[vocabularySize];
        double scale = 1 / parameters.Temperature;
        int count;
        double sum;
        if (HasTopK(parameters))
        {
            count = Gather(logits, KthLargest(logits, parameters.TopK));
            sum = WeighAll(_candidateLogits.AsSpan(0, count), max, scale);
        }
        else if (parameters.TopP < 1)
        {
            sum = WeighAll(logits, max, scale);
            // All tokens below this together have less than 1 - top_p.
            count = KeepAtLeast(vocabularySize, sum * (1 - parameters.TopP) / vocabularySize, dense: true);
        }
        else
        {
            // Slightly more than min_p lets through; the exact comparison follows.
            count = Gather(logits, (float)(max + Math.Log(parameters.MinP) / scale - 1e-3 * (1 + Math.Abs(max))));
            sum = WeighAll(_candidateLogits.AsSpan(0, count), max, scale);
        }
        if (parameters.TopP < 1) count = KeepTopP(count, parameters.TopP * sum);
        return parameters.MinP > 0 ? KeepAtLeast(count, Math.Min(parameters.MinP, 1), dense: false) : count;
    }

    private int Gather(ReadOnlySpan<float> logits, float least)
    {
        int count = 0;
        for (var passing = new AtLeast<float>(logits, least); passing.Next(out int token);)
        {
            _candidates![count] = token;
            _candidateLogits![count++] = logits[token];
        }
        return count;
    }

    // The k-th largest logit. Only values above the k-th of those seen so far can be among them: they collect in a buffer that is cut back to k when it is full.
    private float KthLargest(ReadOnlySpan<float> logits, int k)
    {
        int capacity = Math.Min(vocabularySize, Math.Max(2 * k, 1024)), count = 0;
        for (var passing = new AtLeast<float>(logits, float.NegativeInfinity); passing.Next(out int token);)
        {
            if (logits[token] <= passing.Least) continue;
            _scratch![count++] = logits[token];
            if (count < capacity || capacity == vocabularySize) continue;
            passing.Least = (float)Cutoff.KthLargest(_scratch.AsSpan(0, count), k);
            count = k;
        }
        return count >= k ? (float)Cutoff.KthLargest(_scratch.AsSpan(0, count), k) : float.NegativeInfinity;
    }

    // Keeps the best candidates until their weights reach the mass; of equal ones at the border, those with the smallest ids.
    private int KeepTopP(int count, double mass)
    {
        var scratch = _scratch.AsSpan(0, count);
        _weights.AsSpan(0, count).CopyTo(scratch);
        var (border, above) = Cutoff.ByMass(scratch, _room, mass);
        int kept = 0;
        for (var passing = new AtLeast<double>(_weights.AsSpan(0, count), border); passing.Next(out int i);)
        {
            double weight = _weights[i];
            if (weight == border)
            {
                if (above >= mass && kept > 0) continue;
                above += weight;
            }
            _candidates![kept] = _candidates[i];
            _weights[kept++] = weight;
        }
        return kept;
    }

    private int KeepAtLeast(int count, double least, bool dense)
    {
        int kept = 0;
        for (var passing = new AtLeast<double>(_weights.AsSpan(0, count), least); passing.Next(out int i);)
        {
            _candidates![kept] = dense ? i : _candidates[i];
            _weights[kept++] = _weights[i];
        }
        return kept;
    }

    private static double Sum(ReadOnlySpan<double> weights)
    {
        double sum = 0;
        foreach (double weight in weights) sum += weight;
        return sum;
    }

    // The first index at which the cumulative weight passes the target; where rounding lets none do so, the last that has any weight.
    private static int FirstAbove(ReadOnlySpan<double> weights, double cumulative, double target)
    {
        int last = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0) continue;
            last = i;
            cumulative += weights[i];
            if (cumulative > target) return i;
        }
        return last;
    }
}
