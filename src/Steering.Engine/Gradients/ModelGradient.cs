using System.Diagnostics;
using Steering.Compute;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Models;
using Steering.Engine.Running;

namespace Steering.Engine.Gradients;

/// <summary>
/// Gradients of log-probabilities with respect to embeddings (docs/decisions.md 18): whole sequences, dense, through the edits that are active. On the way forward only what each block receives is kept; on the way
/// back a block runs again and its gradient follows. Memory: blocks x rows x width, and one block's activations. For one thread; takes the pool's turns block by block, or for a millisecond in the background, so that others go on in between.
/// </summary>
internal sealed class ModelGradient : IDisposable
{
    private const int TargetsAtOnce = 64;

    /// <summary>Turns in the background are few: of a small model one holds several blocks.</summary>
    private static readonly TimeSpan s_leastTurn = TimeSpan.FromMilliseconds(1);

    private readonly LoadedModel _model;
    private readonly DecoderShape _shape;
    private readonly DecoderWeights _weights;
    private readonly IKernels _kernels;
    private readonly IGradientKernels _gradients;
    private readonly SiteVisitor _sites;
    private readonly Batch _batch;
    private readonly EditGradients _edits;
    private readonly KvCache _cache;
    private readonly BlockTrace _trace;
    private readonly BlockGradient _block;
    private readonly LogitObjective _objective;
    private readonly Arena _arena = new();
    private readonly NativeList<RowSpan> _sequences = new();
    private readonly NativeList<RowCopy> _gather = new();
    private readonly TensorView[] _received;
    private readonly TensorView _residual, _normed, _normedGradient, _positions, _last, _lastGradient, _logits;
    private readonly bool _inBackground;
    private long _turnBegan; // of the turn in the background that is held; 0: none

    private readonly record struct TargetRow(int Sequence, int Row, GradientTarget Target);

    /// <param name="maxRows">Tokens of all sequences of a run together.</param>
    /// <param name="inBackground">Whether nobody waits for them.</param>
    /// <exception cref="NotSupportedException">The model cannot; the message says why (<see cref="WhyNot"/>).</exception>
    public ModelGradient(LoadedModel model, DecoderWeights weights, IKernels kernels, int maxRows, bool inBackground = false)
    {
        if (WhyNot(model.Config.Shape, kernels) is { } reason) throw new NotSupportedException(reason);
        (_model, _shape, _weights, _kernels, _gradients) = (model, model.Config.Shape, weights, kernels, (IGradientKernels)kernels);
        (MaxRows, _inBackground) = (maxRows, inBackground);
        var attention = _shape.AttentionShape;
        _sites = new SiteVisitor(kernels, model.Sites);
        _batch = new Batch(model.Sites.Count);
        _edits = new EditGradients(kernels, model.Sites, maxRows);
        _cache = new KvCache(attention, 1, maxRows, kernels.Numerics); // one block a sequence at least; only address space until written
        _trace = new BlockTrace(_shape, kernels, _sites, _cache, _arena, maxRows);
        _block = new BlockGradient(_shape, kernels, _gradients, _edits, attention, _arena, maxRows);
        _objective = new LogitObjective(kernels.Pool, TargetsAtOnce, _shape.LogitSoftCap);
        _received = [.. Enumerable.Range(0, _shape.Blocks).Select(_ => _arena.Matrix(maxRows, _shape.HiddenSize))];
        (_residual, _normed, _normedGradient, _positions) = (Hidden(maxRows), Hidden(maxRows), Hidden(maxRows), Hidden(_shape.LearnedPositions ? maxRows : 1));
        (_last, _lastGradient, _logits) = (Hidden(TargetsAtOnce), Hidden(TargetsAtOnce), _arena.Matrix(TargetsAtOnce, _shape.VocabularySize));
        TensorView Hidden(int rows) => _arena.Matrix(rows, _shape.HiddenSize);
    }

    public int MaxRows { get; }

    /// <summary>What activations take; see <see cref="BytesFor"/>.</summary>
    public long ArenaBytes => _arena.Bytes;

    /// <summary>Why there are no gradients of a model, as a sentence; null where there are.</summary>
    public static string? WhyNot(DecoderShape shape, IKernels kernels)
    {
        if (shape.BlockShapes.Any(block => block.HasExperts)) return $"Gradients are not available for {shape.ModelType}: its blocks are mixtures of experts.";
        return kernels is IGradientKernels ? null : $"Gradients are not available on the '{kernels.Name}' kernels.";
    }

    /// <summary>About how many bytes gradients over so many tokens at once take: what each block receives, and the activations of one block in both directions.</summary>
    public static long BytesFor(DecoderShape shape, long rows)
    {
        long activations = 15L * shape.HiddenSize + (shape.IsGated ? 7L : 4L) * shape.IntermediateSize + 4L * (shape.QueryWidth + 2 * shape.KeyValueWidth);
        return sizeof(float) * (rows * ((long)shape.Blocks * shape.HiddenSize + activations) + TargetsAtOnce * (long)shape.VocabularySize);
    }

    /// <summary>output = rows of the embedding table, as the model scales them: what objectives are functions of.</summary>
    public void Embed(TensorView output, ReadOnlySpan<int> tokens)
    {
        using var ids = new NativeList<int>();
        foreach (int token in tokens) ids.Add(token);
        _model.Turns.Run(() => _kernels.Embed(output, ids, _weights.Embedding, _shape.EmbeddingScale), _inBackground);
    }

    /// <summary>The objectives of some sequences, and the gradients of each with respect to its own embeddings.</summary>
    /// <param name="embeddings">[tokens of all sequences, width], before the edits at <c>embed</c>.</param>
    /// <param name="gradient">As embeddings; without rows: only the values are wanted.</param>
    /// <param name="received">Called with a block and the gradient with respect to what it receives, last block first.</param>
    /// <returns>A value for each sequence.</returns>
    public double[] Run(IReadOnlyList<GradientSequence> sequences, TensorView embeddings, TensorView gradient, Action<int, TensorView>? received = null, CancellationToken cancellation = default)
    {
        try
        {
            return Compute(sequences, embeddings, gradient, received, cancellation);
        }
        finally
        {
            EndTurn();
        }
    }

    private double[] Compute(IReadOnlyList<GradientSequence> sequences, TensorView embeddings, TensorView gradient, Action<int, TensorView>? received, CancellationToken cancellation)
    {
        using var directions = new DirectionStore();
        Fill(sequences, directions);
        if (embeddings.Rows != _batch.Rows) throw new ArgumentException($"{embeddings.Rows} embeddings for {_batch.Rows} tokens", nameof(embeddings));
        TensorView residual = _residual.Take(_batch.Rows), normed = _normed.Take(_batch.Rows), normedGradient = _normedGradient.Take(_batch.Rows);
        InTurn(() => Begin(embeddings, residual));
        for (int i = 0; i < _shape.Blocks; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            InTurn(() =>
            {
                residual.CopyTo(_received[i].Take(_batch.Rows));
                _trace.Run(residual, _weights.Blocks[i], _batch, i, keeps: i == _shape.Blocks - 1, wantsOutput: true);
            });
        }
        var targets = new List<TargetRow>();
        for (int s = 0; s < sequences.Count; s++)
            foreach (var target in sequences[s].Targets) targets.Add(new TargetRow(s, _sequences[s].First + target.Position, target));
        var values = new double[sequences.Count];
        bool wantsGradient = gradient.Rows > 0;
        InTurn(() => FinalNorm(residual, normed));
        normedGradient.Clear();
        for (int first = 0; first < targets.Count; first += TargetsAtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            InTurn(() => Score(targets[first..Math.Min(targets.Count, first + TargetsAtOnce)], values, normedGradient, wantsGradient));
        }
        if (!wantsGradient) return values;

        gradient.Clear();
        InTurn(() =>
        {
            _edits.Pull(SitePoint.FinalNorm, -1, normedGradient);
            _block.NormGradient(gradient, normedGradient, residual, _weights.FinalNorm);
        });
        for (int i = _shape.Blocks - 1; i >= 0; i--)
        {
            cancellation.ThrowIfCancellationRequested();
            // The last block has just run: everything is in place. Two turns, so that each is short.
            if (i < _shape.Blocks - 1) InTurn(() => _trace.Run(_received[i].Take(_batch.Rows), _weights.Blocks[i], _batch, i, keeps: true, wantsOutput: false));
            InTurn(() => _block.Run(gradient, _trace, _weights.Blocks[i], _sequences, i));
            received?.Invoke(i, gradient);
        }
        InTurn(() => _edits.Pull(SitePoint.Embed, -1, gradient));
        return values;
    }

    /// <summary>Lays sequences out one after the other, each with blocks of keys and values of its own.</summary>
    private void Fill(IReadOnlyList<GradientSequence> sequences, DirectionStore directions)
    {
        _batch.Clear();
        _edits.Clear();
        _sequences.Clear();
        int block = 0;
        foreach (var sequence in sequences)
        {
            int length = sequence.Tokens.Length, table = _batch.Tables.Count;
            if (_batch.Rows + length > MaxRows) throw new ArgumentException($"more than {MaxRows} tokens in one run", nameof(sequences));
            var edits = directions.Prepare(sequence.Plan, _model.Sites);
            _sequences.Add(new RowSpan(_batch.Rows, length));
            for (int first = 0; first < length; first += KvCache.BlockLength) _batch.Tables.Add(block++);
            for (int position = 0; position < length; position++)
            {
                int row = _batch.Rows, token = sequence.Tokens[position];
                _batch.Ids.Add(token);
                _batch.Positions.Add(position);
                _batch.Capacities.Add(length);
                _batch.TableStarts.Add(table);
                _edits.Add(_batch, row, position, token, sequence.PromptLength, edits);
            }
        }
        _trace.Prepare(_batch);
        _block.Prepare(_batch);
    }

    private void Begin(TensorView embeddings, TensorView residual)
    {
        embeddings.CopyTo(residual);
        _sites.Visit(_batch, SitePoint.Embed, -1, residual);
        if (_weights.Positions is not { } table) return;
        var positions = _positions.Take(_batch.Rows);
        _kernels.Embed(positions, _batch.Positions, table);
        _kernels.AddTo(residual, positions);
    }

    private void FinalNorm(TensorView residual, TensorView normed)
    {
        _kernels.Normalise(_shape, normed, residual, _weights.FinalNorm);
        _sites.Visit(_batch, SitePoint.FinalNorm, -1, normed);
    }

    /// <summary>Adds what some targets are worth to their sequences' values, and their gradients to their rows.</summary>
    private void Score(List<TargetRow> targets, double[] values, TensorView normedGradient, bool wantsGradient)
    {
        TensorView last = _last.Take(targets.Count), lastGradient = _lastGradient.Take(targets.Count), logits = _logits.Take(targets.Count);
        _gather.Clear();
        for (int i = 0; i < targets.Count; i++) _gather.Add(new RowCopy(targets[i].Row, last.Address + (nint)i * last.Stride * sizeof(float)));
        _kernels.CopyRows(_normed, _gather);
        _kernels.Linear(logits, last, _weights.Head, default);
        if (_shape.LogitSoftCap is { } cap) _kernels.SoftCap(logits, (float)cap);
        var scores = _objective.Values(logits, [.. targets.Select(target => target.Target)], wantsGradient);
        for (int i = 0; i < targets.Count; i++) values[targets[i].Sequence] += scores[i];
        if (!wantsGradient) return;
        _gradients.LinearGradient(lastGradient, logits, _weights.Head);
        for (int i = 0; i < targets.Count; i++)
        {
            Span<float> to = normedGradient.Row(targets[i].Row), from = lastGradient.Row(i);
            for (int d = 0; d < to.Length; d++) to[d] += from[d];
        }
    }

    private void InTurn(Action work)
    {
        if (!_inBackground)
        {
            _model.Turns.Run(work);
            return;
        }
        if (_turnBegan == 0)
        {
            _model.Turns.EnterBackground();
            _turnBegan = Stopwatch.GetTimestamp();
        }
        work();
        if (Stopwatch.GetElapsedTime(_turnBegan) >= s_leastTurn) EndTurn();
    }

    private void EndTurn()
    {
        if (_turnBegan == 0) return;
        _turnBegan = 0;
        _model.Turns.ExitBackground();
    }

    public void Dispose()
    {
        _objective.Dispose();
        _edits.Dispose();
        _batch.Dispose();
        _cache.Dispose();
        _arena.Dispose();
        _sequences.Dispose();
        _gather.Dispose();
    }
}
