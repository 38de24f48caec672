namespace Steering.Engine.Tokenization.Models;

/// <summary>
/// Which characters stand side by side in a piece that a merge makes. Between two that never do nothing merges, so a word falls apart there: a text that is one word to
/// a model of SentencePiece's kind is tokenized word by word all the same, which a cache makes fast, with the same result.
/// </summary>
internal sealed class Neighbours
{
    private readonly PairTable _pairs = new();

    public Neighbours(MergeTable merges, Vocabulary vocabulary)
    {
        foreach (int id in merges.Ids)
        {
            int left = -1;
            foreach (var rune in vocabulary.Piece(id)!.EnumerateRunes())
            {
                if (left >= 0) _pairs.Set(left, rune.Value, 0);
                left = rune.Value;
            }
        }
    }

    public bool Contains(int left, int right) => _pairs.Find(left, right) >= 0;
}
