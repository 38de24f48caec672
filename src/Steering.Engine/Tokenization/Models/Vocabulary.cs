using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.Models;

/// <summary>The pieces of a model and their ids, one to one.</summary>
internal sealed class Vocabulary
{
    // Ids may have gaps, but not so many that the table would be much larger than the file.
    private const int MaxGap = 65_536;

    private readonly Dictionary<string, int> _ids;
    private readonly string?[] _pieces;

    private Vocabulary(Dictionary<string, int> ids, string?[] pieces)
    {
        _ids = ids;
        _pieces = pieces;
    }

    /// <summary>How many pieces there are.</summary>
    public int Count => _ids.Count;

    /// <summary>The largest id + 1.</summary>
    public int Size => _pieces.Length;

    public IEnumerable<KeyValuePair<string, int>> Entries => _ids;

    public int? IdOf(string piece) => _ids.TryGetValue(piece, out int id) ? id : null;

    public string? Piece(int id) => (uint)id < (uint)_pieces.Length ? _pieces[id] : null;

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
        return new Vocabulary(ids, pieces);
    }
}
