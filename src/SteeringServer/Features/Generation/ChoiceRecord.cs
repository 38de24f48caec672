using System.Text;

namespace SteeringServer.Features.Generation;

/// <summary>Everything known about one choice so far: what a whole answer is written from, and what receipts and usage of a stream are.</summary>
internal sealed class ChoiceRecord(int index)
{
    private readonly StringBuilder _text = new();
    private readonly List<ScoredPiece> _pieces = [];

    public int Index => index;
    public string Text => _text.ToString();
    public IReadOnlyList<ScoredPiece> Pieces => _pieces;
    public ChoiceEnd? End { get; private set; }

    /// <param name="keepsText">False in streams, where text has left already.</param>
    public void Accept(in ChoiceUpdate update, bool keepsText)
    {
        if (keepsText)
        {
            _text.Append(update.Text);
            if (update.Logprobs is not null) _pieces.AddRange(update.Logprobs);
        }
        End ??= update.End;
    }
}
