using System.Runtime.InteropServices;

namespace Steering.Engine.Tokenization.PreTokenizers;

/// <summary>What becomes of the delimiters a text is split at.</summary>
internal enum SplitBehaviour { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous }

/// <summary>A part of a text that is a delimiter, or lies between delimiters.</summary>
internal readonly record struct Segment(int Start, int End, bool IsMatch);

internal static class SplitBehaviours
{
    /// <summary>Adds the pieces that a text's segments, which cover it, make; positions are moved by <paramref name="offset"/>.</summary>
    public static void AddPieces(this SplitBehaviour behaviour, List<Segment> segments, int offset, List<Piece> pieces)
    {
        int before = pieces.Count;
        bool backwards = behaviour == SplitBehaviour.MergedWithNext;
        bool previous = false;
        for (int i = 0; i < segments.Count; i++)
        {
            var segment = segments[backwards ? segments.Count - 1 - i : i];
            bool joins = behaviour switch
            {
                SplitBehaviour.Contiguous => segment.IsMatch == previous,
                SplitBehaviour.MergedWithPrevious or SplitBehaviour.MergedWithNext => segment.IsMatch && !previous,
                _ => false,
            };
            previous = segment.IsMatch;
            if (behaviour == SplitBehaviour.Removed && segment.IsMatch) continue;
            var piece = new Piece(offset + segment.Start, offset + segment.End);
            if (joins && pieces.Count > before) pieces[^1] = backwards ? pieces[^1] with { Start = piece.Start } : pieces[^1] with { End = piece.End };
            else if (piece.End > piece.Start) pieces.Add(piece);
        }
        if (backwards) CollectionsMarshal.AsSpan(pieces)[before..].Reverse();
    }
}
