using Steering.Compute;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Running;

namespace Steering.Engine.Models;

/// <summary>
/// The transformer, written once for all families: a step's rows go in, logits of the rows that need them come out. At every site the step's data say which rows are edited and copied out; nothing
/// happens where they say nothing. Never sees a request. Engine thread only.
/// </summary>
internal sealed class Decoder : IDisposable
{
    private readonly DecoderShape _shape;
    private readonly DecoderWeights _weights;
    private readonly IKernels _kernels;
    private readonly Attention _attention;
    private readonly Mlp _mlp;
    private readonly SiteVisitor _sites;
    private readonly Arena _arena = new();

    // Activations of a step, sized for the largest: [rows, ...].
    private readonly TensorView _residual, _normed, _added, _last, _logits;
    private readonly NativeList<RowCopy> _gather = new();

    public Decoder(DecoderShape shape, DecoderWeights weights, IKernels kernels, SiteTable sites, KvCache cache, int maxRows, int maxLogitRows)
    {
        (_shape, _weights, _kernels) = (shape, weights, kernels);
        _sites = new SiteVisitor(kernels, sites);
        _attention = new Attention(shape, kernels, _sites, cache, _arena, maxRows);
        _mlp = new Mlp(shape, kernels, _sites, _arena, maxRows);
        MaxRows = maxRows;
        MaxLogitRows = maxLogitRows;
        _residual = _arena.Matrix(maxRows, shape.HiddenSize);
        _normed = _arena.Matrix(maxRows, shape.HiddenSize);
        _added = _arena.Matrix(maxRows, shape.HiddenSize);
        _last = _arena.Matrix(maxLogitRows, shape.HiddenSize);
        _logits = _arena.Matrix(maxLogitRows, shape.VocabularySize);
    }

    /// <summary>Rows a step may have.</summary>
    public int MaxRows { get; }

    /// <summary>Rows one call of <see cref="Logits"/> may ask for.</summary>
    public int MaxLogitRows { get; }

    public long ArenaBytes => _arena.Bytes + _mlp.ArenaBytes;

    /// <summary>Runs all blocks over the batch and fills the KV cache.</summary>
    public void Forward(Batch batch)
    {
        TensorView residual = _residual.Take(batch.Rows), normed = _normed.Take(batch.Rows), added = _added.Take(batch.Rows);
        _attention.Prepare(batch);
        _kernels.Embed(residual, batch.Ids, _weights.Embedding, _shape.EmbeddingScale);
        _sites.Visit(batch, SitePoint.Embed, -1, residual);
        if (_shape.LearnedPositions)
        {
            EmbedPositions(added, batch);
            _kernels.AddTo(residual, added);
        }
        for (int i = 0; i < _shape.Blocks; i++)
        {
            var block = _weights.Blocks[i];
            _sites.Visit(batch, SitePoint.ResidPre, i, residual);

            var input = Input(batch, SitePoint.NormAttn, i, normed, residual, block.AttentionNorm, block.QueryKeyValue.Matrix);
            bool addsAtOnce = !_shape.ParallelResidual && !block.AttentionPostNorm.IsThere && !_sites.IsTouched(batch, SitePoint.AttnOut, i);
            _attention.Run(addsAtOnce ? residual : added, addsAtOnce, input, block, batch, i);
            if (!addsAtOnce)
            {
                _kernels.Normalise(_shape, added, added, block.AttentionPostNorm);
                _sites.Visit(batch, SitePoint.AttnOut, i, added);
                if (!_shape.ParallelResidual) _kernels.AddTo(residual, added);
            }

            input = Input(batch, SitePoint.NormMlp, i, normed, residual, block.MlpNorm, block.Mlp?.GateUp.Matrix);
            if (_shape.ParallelResidual) _kernels.AddTo(residual, added);
            addsAtOnce = block.Mlp is not null && !block.MlpPostNorm.IsThere && !_sites.IsTouched(batch, SitePoint.MlpOut, i);
            _mlp.Run(addsAtOnce ? residual : added, addsAtOnce, input, block, batch, i);
            if (!addsAtOnce)
            {
                _kernels.Normalise(_shape, added, added, block.MlpPostNorm);
                _sites.Visit(batch, SitePoint.MlpOut, i, added);
                _kernels.AddTo(residual, added);
            }
            _sites.Visit(batch, SitePoint.ResidPost, i, residual);
        }
        _kernels.Normalise(_shape, normed, residual, _weights.FinalNorm);
        _sites.Visit(batch, SitePoint.FinalNorm, -1, normed);
    }

    /// <summary>output = the learned vectors of the rows' positions; left alone in families that have none.</summary>
    public void EmbedPositions(TensorView output, Batch batch)
    {
        if (_weights.Positions is { } positions) _kernels.Embed(output, batch.Positions, positions);
    }

    /// <summary>Logits of rows of the last step: [count, vocabulary], valid until the next call. At most <see cref="MaxLogitRows"/> rows.</summary>
    public TensorView Logits(ReadOnlySpan<LogitsRow> rows)
    {
        TensorView last = _last.Take(rows.Length), logits = _logits.Take(rows.Length);
        _gather.Clear();
        for (int i = 0; i < rows.Length; i++) _gather.Add(new RowCopy(rows[i].Row, last.Address + i * last.Stride * sizeof(float)));
        _kernels.CopyRows(_normed, _gather);
        _kernels.Linear(logits, last, _weights.Head, default);
        if (_shape.LogitSoftCap is { } cap) _kernels.SoftCap(logits, (float)cap);
        return logits;
    }

    /// <summary>What a matrix is multiplied by: the residual stream normalised into <paramref name="normed"/>, or itself where the family has no norm there. Unless somebody looks at the site, the norm makes ready what the product needs.</summary>
    private LinearInput Input(Batch batch, SitePoint point, int block, TensorView normed, TensorView residual, NormWeights norm, WeightMatrix? consumer)
    {
        if (!norm.IsThere) return residual;
        if (!_sites.IsTouched(batch, point, block)) return _kernels.Normalise(_shape, normed, residual, norm, consumer);
        _kernels.Normalise(_shape, normed, residual, norm);
        _sites.Visit(batch, point, block, normed);
        return normed;
    }

    public void Dispose()
    {
        _mlp.Dispose();
        _arena.Dispose();
        _gather.Dispose();
    }
}
