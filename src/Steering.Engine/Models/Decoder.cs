using Steering.Compute;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Running;

namespace Steering.Engine.Models;

/// <summary>
/// The transformer, written once: a step's rows go in, logits of the rows that need them come out. At every site the step's data say which rows are edited and copied out; nothing
/// happens where they say nothing. Never sees a request. Engine thread only.
/// </summary>
internal sealed class Decoder : IDisposable
{
    private readonly DecoderShape _shape;
    private readonly DecoderWeights _weights;
    private readonly IKernels _kernels;
    private readonly SiteTable _sites;
    private readonly RotaryFrequencies _rotary;
    private readonly AttentionShape _attention;
    private readonly KvCache _cache;
    private readonly Arena _arena = new();
    private readonly float _scale;

    // Activations of a step, sized for the largest: [rows, ...].
    private readonly TensorView _residual, _normed, _fused, _heads, _added, _gateUp, _activated, _cosines, _sines;
    private readonly TensorView _last, _logits;
    private readonly NativeList<RowCopy> _gather = new();

    public Decoder(DecoderShape shape, DecoderWeights weights, IKernels kernels, SiteTable sites, KvCache cache, int maxRows, int maxLogitRows)
    {
        (_shape, _weights, _kernels, _sites, _cache) = (shape, weights, kernels, sites, cache);
        _rotary = new RotaryFrequencies(shape);
        _attention = cache.Shape;
        _scale = 1 / MathF.Sqrt(shape.HeadDimension);
        MaxRows = maxRows;
        MaxLogitRows = maxLogitRows;
        _residual = _arena.Matrix(maxRows, shape.HiddenSize);
        _normed = _arena.Matrix(maxRows, shape.HiddenSize);
        _fused = _arena.Matrix(maxRows, _attention.FusedWidth);
        _heads = _arena.Matrix(maxRows, _attention.QueryWidth);
        _added = _arena.Matrix(maxRows, shape.HiddenSize);
        _gateUp = _arena.Matrix(maxRows, 2 * shape.IntermediateSize);
        _activated = _arena.Matrix(maxRows, shape.IntermediateSize);
        _cosines = _arena.Matrix(maxRows, shape.HeadDimension / 2);
        _sines = _arena.Matrix(maxRows, shape.HeadDimension / 2);
        _last = _arena.Matrix(maxLogitRows, shape.HiddenSize);
        _logits = _arena.Matrix(maxLogitRows, shape.VocabularySize);
    }

    /// <summary>Rows a step may have.</summary>
    public int MaxRows { get; }

    /// <summary>Rows one call of <see cref="Logits"/> may ask for.</summary>
    public int MaxLogitRows { get; }

    public long ArenaBytes => _arena.Bytes;

    /// <summary>Runs all blocks over the batch and fills the KV cache.</summary>
    public void Forward(Batch batch)
    {
        int rows = batch.Rows;
        TensorView residual = _residual.Take(rows), normed = _normed.Take(rows), added = _added.Take(rows), fused = _fused.Take(rows), heads = _heads.Take(rows);
        TensorView cosines = _cosines.Take(rows), sines = _sines.Take(rows);
        var places = batch.Places;
        _rotary.Fill(cosines, sines, batch.Positions.Items);
        _kernels.Embed(residual, batch.Ids, _weights.Embedding);
        Visit(batch, SitePoint.Embed, -1, residual);
        for (int i = 0; i < _shape.Blocks; i++)
        {
            var block = _weights.Blocks[i];
            Visit(batch, SitePoint.ResidPre, i, residual);

            _kernels.RmsNorm(normed, residual, block.AttentionNorm, (float)_shape.RmsNormEps);
            Visit(batch, SitePoint.NormAttn, i, normed);
            _kernels.Linear(fused, normed, block.QueryKeyValue, block.QueryKeyValueBias);
            _kernels.Rotate(fused, _attention, cosines, sines);
            _kernels.StoreKv(_cache, i, fused, places);
            _kernels.Attend(heads, fused, _cache, i, places, _scale);
            Visit(batch, SitePoint.HeadIn, i, heads);
            _kernels.Linear(added, heads, block.AttentionOutput, block.AttentionOutputBias);
            Visit(batch, SitePoint.AttnOut, i, added);
            _kernels.AddTo(residual, added);

            _kernels.RmsNorm(normed, residual, block.MlpNorm, (float)_shape.RmsNormEps);
            Visit(batch, SitePoint.NormMlp, i, normed);
            _kernels.Linear(_gateUp.Take(rows), normed, block.GateUp, block.GateUpBias);
            Activate(batch, i, rows);
            Visit(batch, SitePoint.MlpAct, i, _activated.Take(rows));
            _kernels.Linear(added, _activated.Take(rows), block.Down, block.DownBias);
            Visit(batch, SitePoint.MlpOut, i, added);
            _kernels.AddTo(residual, added);
            Visit(batch, SitePoint.ResidPost, i, residual);
        }
        _kernels.RmsNorm(normed, residual, _weights.FinalNorm, (float)_shape.RmsNormEps);
        Visit(batch, SitePoint.FinalNorm, -1, normed);
    }

    /// <summary>Logits of rows of the last step: [count, vocabulary], valid until the next call. At most <see cref="MaxLogitRows"/> rows.</summary>
    public TensorView Logits(ReadOnlySpan<LogitsRow> rows)
    {
        TensorView last = _last.Take(rows.Length), logits = _logits.Take(rows.Length);
        _gather.Clear();
        for (int i = 0; i < rows.Length; i++) _gather.Add(new RowCopy(rows[i].Row, last.Address + i * last.Stride * sizeof(float)));
        _kernels.CopyRows(_normed, _gather);
        _kernels.Linear(logits, last, _weights.Head, default);
        return logits;
    }

    /// <summary>act(gate) * up, in one pass unless somebody looks at act(gate); the bits are the same.</summary>
    private void Activate(Batch batch, int block, int rows)
    {
        var both = _gateUp.Take(rows);
        TensorView gate = both.Slice(0, _shape.IntermediateSize), up = both.Slice(_shape.IntermediateSize, _shape.IntermediateSize);
        if (!batch.Touches(_sites.IndexOf(new Site(SitePoint.MlpGate, block))))
        {
            _kernels.SiluMultiply(_activated.Take(rows), gate, up);
            return;
        }
        // Edits need rows with zero padding, and a slice has its neighbour there: so act(gate) goes into a matrix of its own.
        var activated = _activated.Take(rows);
        _kernels.Silu(activated, gate);
        Visit(batch, SitePoint.MlpGate, block, activated);
        _kernels.Multiply(activated, activated, up);
    }

    private void Visit(Batch batch, SitePoint point, int block, TensorView rows)
    {
        int site = _sites.IndexOf(new Site(point, block));
        if (batch.CopiesBefore(site).Count > 0) _kernels.CopyRows(rows, batch.CopiesBefore(site));
        if (batch.Edits(site).Count > 0) _kernels.Intervene(rows, batch.Edits(site));
        if (batch.CopiesAfter(site).Count > 0) _kernels.CopyRows(rows, batch.CopiesAfter(site));
    }

    public void Dispose()
    {
        _arena.Dispose();
        _gather.Dispose();
    }
}
