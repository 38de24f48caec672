namespace Steering.Engine.Tokenization.PreTokenizers;

/// <summary>Splits at every character of a kind.</summary>
internal sealed class CharacterPreTokenizer(Func<int, bool> isDelimiter, SplitBehaviour behaviour) : PreTokenizer
{
    public override void Apply(PiecedText text)
    {
        var segments = new List<Segment>();
        text.Cut((piece, pieces) =>
        {
            segments.Clear();
            var codePoints = text.Text.CodePoints[piece.Start..piece.End];
            int last = 0;
            for (int i = 0; i < codePoints.Length; i++)
            {
                if (!isDelimiter(codePoints[i])) continue;
                if (last < i) segments.Add(new Segment(last, i, false));
                segments.Add(new Segment(i, i + 1, true));
                last = i + 1;
            }
            if (last < codePoints.Length) segments.Add(new Segment(last, codePoints.Length, false));
            behaviour.AddPieces(segments, piece.Start, pieces);
        });
    }
}
