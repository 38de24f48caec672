using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.Models;

/// <summary>Texts with a number each, found by walking along them one code point at a time.</summary>
internal sealed class PieceTrie
{
    /// <summary>The node where every walk begins.</summary>
    public const int Root = 0;

    // What a walk may cost at each place of a text.
    private const int MaxPiece = 1024;

    private readonly PairTable _edges = new();
    private readonly List<int> _values = [-1];

    /// <summary>How many nodes there are; 1 if there are no texts.</summary>
    public int Count => _values.Count;

    /// <summary>The pieces of a vocabulary with their ids; <paramref name="field"/> is named where one is too long.</summary>
    public static PieceTrie Of(Vocabulary vocabulary, JsonField field)
    {
        var trie = new PieceTrie();
        foreach (var (piece, id) in vocabulary.Entries)
        {
            if (piece.Length > MaxPiece) throw field.Fail($"a piece of {piece.Length} characters; supported are up to {MaxPiece}");
            trie.Add(piece, id);
        }
        return trie;
    }

    /// <summary>Adds a text; of two with the same text the later one counts, and one that is empty does not.</summary>
    public void Add(string text, int value)
    {
        int node = Root;
        foreach (var rune in text.EnumerateRunes())
        {
            int next = Step(node, rune.Value);
            if (next < 0)
            {
                _edges.Set(node, rune.Value, next = _values.Count);
                _values.Add(-1);
            }
            node = next;
        }
        if (node != Root) _values[node] = value;
    }

    /// <summary>The node a code point leads to, -1 if no text goes on that way.</summary>
    public int Step(int node, int codePoint) => _edges.Find(node, codePoint);

    /// <summary>The node a text leads to, -1 if no text goes on that way.</summary>
    public int Walk(ReadOnlySpan<int> codePoints)
    {
        int node = Root;
        for (int i = 0; i < codePoints.Length && node >= 0; i++) node = Step(node, codePoints[i]);
        return node;
    }

    /// <summary>The number of the text that ends at a node, -1 if none does.</summary>
    public int ValueAt(int node) => _values[node];
}
