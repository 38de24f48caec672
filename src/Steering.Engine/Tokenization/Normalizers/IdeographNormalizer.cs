using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>BERT's handling of Chinese characters: a space before and after each.</summary>
internal sealed class IdeographNormalizer : Normalizer
{
    // The original has U+2B920 where the block begins at U+2B820.
    private static readonly CodePointSet Ideographs = CodePointSet.FromBounds(
        [0x3400, 0x4DC0, 0x4E00, 0xA000, 0xF900, 0xFB00, 0x20000, 0x2A6E0, 0x2A700, 0x2B820, 0x2B920, 0x2CEB0, 0x2F800, 0x2FA20]);

    public override void Apply(AlignedText input, int start, int end, AlignedText output)
    {
        for (int i = start; i < end; i++)
        {
            int codePoint = input.CodePoints[i];
            var source = input.Sources[i];
            bool isIdeograph = Ideographs.Contains(codePoint);
            if (isIdeograph) output.Add(' ', source);
            output.Add(codePoint, source);
            if (isIdeograph) output.Add(' ', source);
        }
    }
}
