namespace Steering.Engine.Loading.Gguf;

/// <summary>
/// The merges of a SentencePiece byte-pair vocabulary, which stores only pieces and scores: any two neighbours whose join is a piece may merge, the best score first. As transformers does it
/// (convert_slow_tokenizer.py, generate_merges).
/// </summary>
internal static class SentencePieceMerges
{
    /// <summary>Best first. Time grows with the total length of the pieces times the longest.</summary>
    /// <param name="pieces">The pieces that text may become, with their scores.</param>
    public static List<(string Left, string Right)> Of(Dictionary<string, float> pieces)
    {
        var merges = new List<(string Left, string Right, float Score)>(pieces.Count);
        var lookup = pieces.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var (piece, score) in pieces)
        {
            for (int at = 1; at < piece.Length; at++)
            {
                if (char.IsLowSurrogate(piece[at]) || !lookup.ContainsKey(piece.AsSpan(0, at)) || !lookup.ContainsKey(piece.AsSpan(at))) continue;
                merges.Add((piece[..at], piece[at..], score));
            }
        }
        return [.. merges.OrderByDescending(m => m.Score).ThenByDescending(m => m.Left.Length).Select(m => (m.Left, m.Right))];
    }
}
