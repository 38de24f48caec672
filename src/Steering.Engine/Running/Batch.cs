using Steering.Compute;
using Steering.Engine.Scheduling;

namespace Steering.Engine.Running;

/// <summary>A row whose logits are needed.</summary>
/// <param name="Row">Row of the step.</param>
/// <param name="Sequence">Whose.</param>
/// <param name="Next">Position the logits speak about: a prompt position to score, or the sequence's length where the next token is drawn.</param>
internal readonly record struct LogitsRow(int Row, Sequence Sequence, int Next);

/// <summary>One step's inputs as flat arrays, reused from step to step. Filled by <see cref="BatchBuilder"/>, read by the model. Engine thread only.</summary>
internal sealed class Batch : IDisposable
{
    private readonly NativeList<Edit>[] _edits;
    private readonly NativeList<RowCopy>[] _copiesBefore;
    private readonly NativeList<RowCopy>[] _copiesAfter;

    public Batch(int sites)
    {
        _edits = [.. Enumerable.Range(0, sites).Select(_ => new NativeList<Edit>(16))];
        _copiesBefore = [.. Enumerable.Range(0, sites).Select(_ => new NativeList<RowCopy>(1))];
        _copiesAfter = [.. Enumerable.Range(0, sites).Select(_ => new NativeList<RowCopy>(1))];
    }

    public NativeList<int> Ids { get; } = new();
    public NativeList<int> Positions { get; } = new();

    /// <summary>How many tokens a row's sequence may grow to.</summary>
    public NativeList<int> Capacities { get; } = new();
    public NativeList<int> TableStarts { get; } = new();
    public NativeList<int> Tables { get; } = new();
    public List<LogitsRow> Logits { get; } = [];
    public int Rows => Ids.Count;

    public RowPlaces Places => new(Rows, Positions.Address, TableStarts.Address, Tables.Address);

    /// <summary>Edits at a site: rows ascending, list order within a row.</summary>
    public NativeList<Edit> Edits(int site) => _edits[site];

    /// <summary>Rows to copy out before edits.</summary>
    public NativeList<RowCopy> CopiesBefore(int site) => _copiesBefore[site];

    /// <summary>Rows to copy out after edits.</summary>
    public NativeList<RowCopy> CopiesAfter(int site) => _copiesAfter[site];

    /// <summary>Whether anything happens at a site: a kernel may fuse over it otherwise.</summary>
    public bool Touches(int site) => _edits[site].Count + _copiesBefore[site].Count + _copiesAfter[site].Count > 0;

    public void Clear()
    {
        Ids.Clear();
        Positions.Clear();
        Capacities.Clear();
        TableStarts.Clear();
        Tables.Clear();
        Logits.Clear();
        foreach (var list in _edits) list.Clear();
        foreach (var list in _copiesBefore) list.Clear();
        foreach (var list in _copiesAfter) list.Clear();
    }

    public void Dispose()
    {
        foreach (var list in (NativeList<int>[])[Ids, Positions, Capacities, TableStarts, Tables]) list.Dispose();
        foreach (var list in _edits) list.Dispose();
        foreach (var list in _copiesBefore.Concat(_copiesAfter)) list.Dispose();
    }
}
