using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>Keeps only the characters of a set.</summary>
internal sealed class FilterNormalizer(CodePointSet kept) : Normalizer
{
    public override void Apply(AlignedText input, int start, int end, AlignedText output)
    {
        for (int i = start; i < end; i++)
            if (kept.Contains(input.CodePoints[i])) output.Add(input.CodePoints[i], input.Sources[i]);
    }
}
