using Steering.Engine.Tokenization.Regex;

namespace Steering.Engine.Tokenization.PreTokenizers;

/// <summary>Splits at the matches of a regular expression, or (inverted) at what lies between them.</summary>
internal sealed class SplitPreTokenizer(CompiledRegex pattern, SplitBehaviour behaviour, bool invert) : PreTokenizer
{
    public override void Apply(PiecedText text)
    {
        var segments = new List<Segment>();
        text.Cut((piece, pieces) =>
        {
            segments.Clear();
            Cover(text.Text.CodePoints[piece.Start..piece.End], segments);
            behaviour.AddPieces(segments, piece.Start, pieces);
        });
    }

    private void Cover(ReadOnlySpan<int> text, List<Segment> segments)
    {
        int last = 0;
        pattern.FindAll(text, (start, end) =>
        {
            if (last != start) segments.Add(new Segment(last, start, invert));
            segments.Add(new Segment(start, end, !invert));
            last = end;
        });
        if (last != text.Length) segments.Add(new Segment(last, text.Length, invert));
    }
}
