using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.Models;

/// <summary>The pieces of a model and their ids.</summary>
internal sealed class Vocabulary
{
    // Ids may have gaps, but not so many that the table would be much larger than the file.
    private const int MaxGap = 65_536;

    private readonly Dictionary<string, int> _ids;
    private readonly string?[] _pieces;

    private Vocabulary(Dictionary<string, int> ids, string?[] pieces, int count) => (_ids, _pieces, Count) = (ids, pieces, count);

    /// <summary>How many pieces there are.</summary>
    public int Count { get; }

    /// <summary>The largest id + 1.</summary>
    public int Size => _pieces.Length;

    public IEnumerable<KeyValuePair<string, int>> Entries => _ids;

    public int? IdOf(string piece) => _ids.TryGetValue(piece, out int id) ? id : null;

    public string? Piece(int id) => (uint)id < (uint)_pieces.Length ? _pieces[id] : null;

    /// <summary>The id of the piece a field names.</summary>
    public int IdOf(JsonField piece) => IdOf(piece.Text()) ?? throw piece.Fail($"'{piece.Text()}' is not in the vocabulary");

    /// <summary>Reads an object of pieces and ids.</summary>
    public static Vocabulary Read(JsonField field)
    {
        var ids = new Dictionary<string, int>();
        int size = 0;
        foreach (var (piece, value) in field.Members())
        {
            int id = value.Count();
            ids[piece] = id;
            size = Math.Max(size, id < int.MaxValue ? id + 1 : id);
        }
        if (size > ids.Count + MaxGap) throw field.Fail($"the largest id is {size - 1}, for {ids.Count} pieces");
        var pieces = new string?[size];
        foreach (var (piece, id) in ids)
        {
            if (pieces[id] is not null) throw field.Fail($"two pieces have the id {id}");
            pieces[id] = piece;
        }
        return new Vocabulary(ids, pieces, ids.Count);
    }

    /// <summary>Reads an array of pieces and scores, whose places are the ids; of two pieces with the same text the later one is found by it.</summary>
    public static Vocabulary ReadScored(JsonField field, out double[] scores)
    {
        var items = field.Items();
        var ids = new Dictionary<string, int>(items.Count);
        var pieces = new string[items.Count];
        scores = new double[items.Count];
        for (int id = 0; id < pieces.Length; id++)
        {
            var pair = items[id].Items();
            if (pair.Count != 2) throw items[id].Fail($"a piece and its score were expected, found {pair.Count} values");
            pieces[id] = pair[0].Text();
            scores[id] = pair[1].Number();
            ids[pieces[id]] = id;
        }
        return new Vocabulary(ids, pieces, pieces.Length);
    }
}
