using Steering.Compute;
using Steering.Engine.Interventions;
using Steering.Engine.Running;

namespace Steering.Engine.Gradients;

/// <summary>
/// Edits of a batch of whole sequences, for both directions: what the kernel does on the way forward, and on the way back the vector-Jacobian product of each edit at the row that it saw. Rows are kept before their
/// edits, for the block at hand only.
/// </summary>
internal sealed class EditGradients(IKernels kernels, SiteTable sites, int maxRows) : IDisposable
{
    private readonly Arena _arena = new();
    private readonly Dictionary<SitePoint, TensorView> _kept = [];
    private readonly Dictionary<int, List<RowEdit>> _edits = [];
    private readonly NativeList<Edit> _one = new(1);

    private readonly record struct RowEdit(int Row, PlannedEdit Plan, double Coefficient, Edit Kernel);

    public void Clear() => _edits.Clear();

    /// <summary>Adds the edits of a row, and asks for the row as it was before them.</summary>
    public void Add(Batch batch, int row, int position, int token, int promptLength, ReadOnlySpan<PreparedEdit> edits)
    {
        foreach (var edit in edits)
        {
            double coefficient = edit.Plan.CoefficientAt(position, token, promptLength);
            if (coefficient == 0) continue; // exactly the identity
            var kernel = edit.At(row, coefficient);
            batch.Edits(edit.SiteIndex).Add(kernel);
            if (!_edits.TryGetValue(edit.SiteIndex, out var list)) _edits[edit.SiteIndex] = list = [];
            if (list.Count == 0 || list[^1].Row != row) batch.CopiesBefore(edit.SiteIndex).Add(new RowCopy(row, KeptRow(edit.Plan.Site, row)));
            list.Add(new RowEdit(row, edit.Plan, coefficient, kernel));
        }
    }

    private nint KeptRow(Site site, int row)
    {
        if (!_kept.TryGetValue(site.Point, out var kept)) _kept[site.Point] = kept = _arena.Matrix(maxRows, sites.Width(site));
        return kept.Address + (nint)row * kept.Stride * sizeof(float);
    }

    /// <summary>Whether there are edits at a site.</summary>
    public bool Touches(SitePoint point, int block) => _edits.ContainsKey(sites.IndexOf(new Site(point, block)));

    /// <summary>gradient: in, with respect to the rows after their edits at a site; out, before them.</summary>
    public void Pull(SitePoint point, int block, TensorView gradient)
    {
        if (!_edits.TryGetValue(sites.IndexOf(new Site(point, block)), out var edits)) return;
        var kept = _kept[point];
        for (int first = 0; first < edits.Count;)
        {
            int end = first + 1;
            while (end < edits.Count && edits[end].Row == edits[first].Row) end++;
            Pull(edits, first, end, kept, gradient.Row(edits[first].Row));
            first = end;
        }
    }

    /// <summary>Edits [first, end) of one row: applied one after the other to find what each saw, then pulled back in reverse.</summary>
    private void Pull(List<RowEdit> edits, int first, int end, TensorView kept, Span<float> gradient)
    {
        int row = edits[first].Row;
        var seen = new float[end - first][];
        var h = new TensorView(kept.Address + (nint)row * kept.Stride * sizeof(float), 1, kept.Columns, kept.Stride);
        for (int i = first; i < end; i++)
        {
            seen[i - first] = h.Row(0).ToArray();
            if (i + 1 == end) break;
            _one.Clear();
            _one.Add(edits[i].Kernel with { Row = 0 });
            kernels.Intervene(h, _one);
        }
        for (int i = end - 1; i >= first; i--) InterventionGradient.Vjp(seen[i - first], gradient, edits[i].Plan, edits[i].Coefficient);
    }

    public void Dispose()
    {
        _arena.Dispose();
        _one.Dispose();
    }
}
