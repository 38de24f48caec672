namespace Steering.Engine.Tokenization;

/// <summary>A part of a text: still to be tokenized (<see cref="Id"/> is -1) or an added token.</summary>
internal readonly record struct Piece(int Start, int End, int Id = -1)
{
    public bool IsText => Id < 0;
}

/// <summary>A text cut into pieces, empty ones left out.</summary>
internal sealed class PiecedText
{
    private List<Piece> _pieces;

    public PiecedText(AlignedText text)
    {
        Text = text;
        _pieces = text.Length > 0 ? [new Piece(0, text.Length)] : [];
    }

    public AlignedText Text { get; private set; }

    public IReadOnlyList<Piece> Pieces => _pieces;

    /// <summary>Cuts every piece of text; <paramref name="cut"/> adds the parts of its piece to the list.</summary>
    public void Cut(Action<Piece, List<Piece>> cut)
    {
        var pieces = new List<Piece>(_pieces.Count);
        foreach (var piece in _pieces)
        {
            if (piece.IsText) cut(piece, pieces);
            else pieces.Add(piece);
        }
        _pieces = pieces;
    }

    /// <summary>Writes every piece of text anew; <paramref name="rewrite"/> appends what its piece becomes to the new text.</summary>
    public void Rewrite(Action<Piece, AlignedText> rewrite)
    {
        var text = new AlignedText(Text.Length + (Text.Length / 4));
        var pieces = new List<Piece>(_pieces.Count);
        foreach (var piece in _pieces)
        {
            int start = text.Length;
            if (piece.IsText) rewrite(piece, text);
            else text.Add(Text, piece.Start, piece.End);
            if (text.Length > start || !piece.IsText) pieces.Add(new Piece(start, text.Length, piece.Id));
        }
        (Text, _pieces) = (text, pieces);
    }
}
