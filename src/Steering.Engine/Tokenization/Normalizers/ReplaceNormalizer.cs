using Steering.Engine.Tokenization.Regex;

namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>Replaces every match of a pattern; what comes instead is aligned with the last character of the match.</summary>
internal sealed class ReplaceNormalizer(CompiledRegex pattern, string content) : Normalizer
{
    private readonly AlignedText _content = AlignedText.Of(content);

    public override void Apply(AlignedText input, int start, int end, AlignedText output)
    {
        int copied = start;
        pattern.FindAll(input.CodePoints[start..end], (matchStart, matchEnd) =>
        {
            output.Add(input, copied, start + matchStart);
            copied = start + matchEnd;
            var source = copied > start ? input.Sources[copied - 1] : input.Sources[start];
            foreach (int codePoint in _content.CodePoints) output.Add(codePoint, source);
        });
        output.Add(input, copied, end);
    }
}
