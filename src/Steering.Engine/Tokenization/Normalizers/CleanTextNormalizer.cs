using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>BERT's clean text: no control characters, every white space a space.</summary>
internal sealed class CleanTextNormalizer : Normalizer
{
    private static readonly CodePointSet Dropped = CodePointSet.FromRuns(PackedNumbers.Read(Unicode8Data.Control))
        .Union(CodePointSet.Of(0xFFFD)).Intersect(CodePointSet.Of(['\t', '\n', '\r']).Negate());

    public override void Apply(AlignedText input, int start, int end, AlignedText output)
    {
        for (int i = start; i < end; i++)
        {
            int codePoint = input.CodePoints[i];
            if (!Dropped.Contains(codePoint)) output.Add(UnicodeProperties.WhiteSpace.Contains(codePoint) ? ' ' : codePoint, input.Sources[i]);
        }
    }
}
