using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.Models;

/// <summary>
/// The longest piece that begins the word, then the longest that goes on, and so on (Devlin et al. 2018, arXiv 1810.04805); a word that cannot be cut so, or is too
/// long, is one unknown token.
/// </summary>
internal sealed class WordPiece : Model
{
    private readonly PieceTrie _pieces;
    private readonly int _continuation;   // the node of the prefix of pieces within a word, -1 if no piece has it
    private readonly int _unknown;
    private readonly int _maxLength;

    private WordPiece(Vocabulary vocabulary, PieceTrie pieces, int continuation, int unknown, int maxLength) : base(vocabulary) =>
        (_pieces, _continuation, _unknown, _maxLength) = (pieces, continuation, unknown, maxLength);

    public static WordPiece Of(JsonField field)
    {
        var vocabulary = Vocabulary.Read(field.Get("vocab"));
        var pieces = PieceTrie.Of(vocabulary, field.Get("vocab"));
        int continuation = pieces.Walk(AlignedText.Of(field.Get("continuing_subword_prefix").Text()).CodePoints);
        var unknown = field.Get("unk_token");
        return new WordPiece(
            vocabulary, pieces, continuation, vocabulary.IdOf(unknown), field.Get("max_input_chars_per_word").Count());
    }

    protected override void TokenizeWord(ReadOnlySpan<int> word, List<WordToken> tokens)
    {
        int before = tokens.Count;
        bool isWhole = word.Length <= _maxLength;
        for (int start = 0; isWhole && start < word.Length;)
        {
            int end = LongestPiece(word, start, out int id);
            isWhole = end > start;
            tokens.Add(new WordToken(id, start, end));
            start = end;
        }
        if (isWhole) return;
        tokens.RemoveRange(before, tokens.Count - before);
        tokens.Add(new WordToken(_unknown, 0, word.Length));
    }

    private int LongestPiece(ReadOnlySpan<int> word, int start, out int id)
    {
        int longest = id = -1;
        int node = start == 0 ? PieceTrie.Root : _continuation;
        for (int i = start; i < word.Length && node >= 0; i++)
        {
            node = _pieces.Step(node, word[i]);
            if (node >= 0 && _pieces.ValueAt(node) is >= 0 and int found) (longest, id) = (i + 1, found);
        }
        return longest;
    }
}
