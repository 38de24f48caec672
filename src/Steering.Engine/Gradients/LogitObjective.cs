using System.Runtime.InteropServices;
using Steering.Compute;
using Steering.Engine.Sampling;

namespace Steering.Engine.Gradients;

/// <summary>Log-probabilities of tokens and their gradients with respect to the logits, in double precision, row by row on all threads.</summary>
internal sealed class LogitObjective : IDisposable
{
    private readonly ComputePool _pool;
    private readonly double? _softCap;
    private readonly GradientTarget[] _targets;
    private readonly double[] _values;
    private readonly GCHandle _self;

    /// <param name="softCap">The model's cap of its logits.</param>
    public LogitObjective(ComputePool pool, int maxRows, double? softCap)
    {
        (_pool, _softCap) = (pool, softCap);
        (_targets, _values) = (new GradientTarget[maxRows], new double[maxRows]);
        _self = GCHandle.Alloc(this);
    }

    /// <summary>For each row: weight log softmax(logits)[token].</summary>
    /// <param name="logits">In: logits behind the model's soft cap. Out, if asked for: the gradient with respect to logits before it.</param>
    /// <param name="targets">One a row.</param>
    /// <returns>Valid until the next call.</returns>
    public ReadOnlySpan<double> Values(TensorView logits, ReadOnlySpan<GradientTarget> targets, bool wantsGradient)
    {
        targets.CopyTo(_targets);
        _pool.Run(new RowsJob(_self, logits, wantsGradient), logits.Rows);
        return _values.AsSpan(0, logits.Rows);
    }

    // Jobs are unmanaged: this one reaches its objective through a handle.
    private readonly struct RowsJob(GCHandle objective, TensorView logits, bool wantsGradient) : IJob
    {
        public void Run(int first, int last)
        {
            var self = (LogitObjective)objective.Target!;
            for (int row = first; row < last; row++) self._values[row] = self.Value(logits.Row(row), self._targets[row], wantsGradient);
        }
    }

    private double Value(Span<float> logits, GradientTarget target, bool wantsGradient)
    {
        float max = Exponentials.Max(logits), logit = logits[target.Token];
        Span<double> weights = stackalloc double[Exponentials.BlockSize];
        double own = Exponentials.Weigh([logit], max, 1, weights), others = 0;
        // 1 - p as the sum of the others: from p itself nothing is left of it where p is close to 1.
        logits[target.Token] = float.NegativeInfinity;
        for (int start = 0; start < logits.Length; start += Exponentials.BlockSize) others += Exponentials.Weigh(Block(logits, start), max, 1, weights);
        double total = own + others, ratio = others / own;
        double logprob = ratio < 1e-6 ? -ratio : (double)logit - max - Exponentials.Log(total);
        if (wantsGradient)
        {
            // Exponentials are computed again: that takes less than keeping them for every thread.
            double scale = -target.Weight / total;
            for (int start = 0; start < logits.Length; start += Exponentials.BlockSize)
            {
                var block = Block(logits, start);
                Exponentials.Weigh(block, max, 1, weights);
                for (int i = 0; i < block.Length; i++) block[i] = (float)(weights[i] * scale * Slope(block[i]));
            }
            logits[target.Token] = (float)(-others * scale * Slope(logit));
        }
        return target.Weight * logprob;
    }

    private static Span<float> Block(Span<float> logits, int start) => logits.Slice(start, Math.Min(Exponentials.BlockSize, logits.Length - start));

    /// <summary>Of the soft cap, at what it gave.</summary>
    private double Slope(float logit) => _softCap is { } cap ? 1 - logit / cap * (logit / cap) : 1;

    public void Dispose() => _self.Free();
}
