using System.Buffers;
using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.Models;

/// <summary>
/// The tokens of a word whose scores add up to the most (Kudo 2018, arXiv 1804.10959), by Viterbi's algorithm over the places of the word; of paths with the same score
/// the one found first, as in Hugging Face's encode_optimized. Time is length x the longest piece at worst.
/// </summary>
internal sealed class Unigram : Model
{
    // What an unknown character costs more than the least likely piece, as in SentencePiece.
    private const double UnknownPenalty = 10;

    private readonly PieceTrie _pieces;
    private readonly double[] _scores;
    private readonly double _unknownScore;
    private readonly int _unknown;
    private readonly ByteTokens? _bytes;

    // The best path to a place of the word: its score and its last token.
    private struct BestPath
    {
        public double Score;
        public int Start;
        public int Id;
    }

    private Unigram(Vocabulary vocabulary, PieceTrie pieces, double[] scores, int unknown, bool byteFallback) : base(vocabulary)
    {
        (_pieces, _scores, _unknown) = (pieces, scores, unknown);
        _unknownScore = scores.Min() - UnknownPenalty;
        _bytes = byteFallback ? new ByteTokens(vocabulary) : null;
    }

    public static Unigram Of(JsonField field)
    {
        var vocabulary = Vocabulary.ReadScored(field.Get("vocab"), out double[] scores);
        // The original reads a model without, and fails at the first character it does not know.
        var unknown = field.Get("unk_id");
        if (unknown.Count() >= scores.Length) throw unknown.Fail($"{unknown.Count()} is not the id of one of the {scores.Length} pieces");
        var pieces = PieceTrie.Of(vocabulary, field.Get("vocab"));
        return new Unigram(vocabulary, pieces, scores, unknown.Count(), field.Find("byte_fallback")?.Flag() ?? false);
    }

    protected override void TokenizeWord(ReadOnlySpan<int> word, List<WordToken> tokens)
    {
        var rented = ArrayPool<BestPath>.Shared.Rent(word.Length + 1);
        var best = rented.AsSpan(0, word.Length + 1);
        FindBestPaths(word, best);
        int before = tokens.Count;
        // From the end backwards; neighbouring unknown characters are one token.
        for (int end = word.Length; end > 0;)
        {
            int id = best[end].Id, start = best[end].Start;
            if (id != _unknown) tokens.Add(new WordToken(id, start, end));
            else
            {
                while (start > 0 && best[start].Id == _unknown) start = best[start].Start;
                AddUnknown(word, start, end, tokens);
            }
            end = start;
        }
        tokens.Reverse(before, tokens.Count - before);
        ArrayPool<BestPath>.Shared.Return(rented);
    }

    private void FindBestPaths(ReadOnlySpan<int> word, Span<BestPath> best)
    {
        best.Fill(new BestPath { Start = -1 });
        for (int start = 0; start < word.Length; start++)
        {
            double score = best[start].Score;
            bool isKnown = false;
            int node = PieceTrie.Root;
            for (int end = start + 1; end <= word.Length; end++)
            {
                node = _pieces.Step(node, word[end - 1]);
                if (node < 0) break;
                int id = _pieces.ValueAt(node);
                if (id < 0) continue;
                Offer(ref best[end], start, id, score + _scores[id]);
                isKnown |= end == start + 1;
            }
            if (!isKnown) Offer(ref best[start + 1], start, _unknown, score + _unknownScore);
        }
    }

    private static void Offer(ref BestPath best, int start, int id, double score)
    {
        if (best.Start < 0 || score > best.Score) best = new BestPath { Score = score, Start = start, Id = id };
    }

    // Appends backwards, as its caller does.
    private void AddUnknown(ReadOnlySpan<int> word, int start, int end, List<WordToken> tokens)
    {
        // What was unknown character by character may be a piece as a whole: the unknown token's own text.
        int node = _pieces.Walk(word[start..end]), whole = node < 0 ? -1 : _pieces.ValueAt(node);
        int before = tokens.Count;
        if (whole >= 0 || _bytes is null || !AddBytes(_bytes, word, start, end, tokens))
        {
            tokens.RemoveRange(before, tokens.Count - before);
            tokens.Add(new WordToken(whole >= 0 ? whole : _unknown, start, end));
        }
    }

    private static bool AddBytes(ByteTokens bytes, ReadOnlySpan<int> word, int start, int end, List<WordToken> tokens)
    {
        Span<int> ids = stackalloc int[4];
        for (int i = end - 1; i >= start; i--)
        {
            int length = bytes.Write(word[i], ids);
            if (length == 0) return false;
            while (length > 0) tokens.Add(new WordToken(ids[--length], start, end));
        }
        return true;
    }
}
