using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>Drops white space at the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override void Apply(AlignedText input, int start, int end, AlignedText output)
    {
        var codePoints = input.CodePoints;
        if (left)
            while (start < end && UnicodeProperties.WhiteSpace.Contains(codePoints[start])) start++;
        if (right)
            while (start < end && UnicodeProperties.WhiteSpace.Contains(codePoints[end - 1])) end--;
        output.Add(input, start, end);
    }
}
