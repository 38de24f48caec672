namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>Puts a string before every text that is not empty.</summary>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    private readonly AlignedText _prefix = AlignedText.Of(prefix);

    public override void Apply(AlignedText input, int start, int end, AlignedText output)
    {
        if (start == end) return;
        foreach (int codePoint in _prefix.CodePoints) output.Add(codePoint, input.Sources[start]);
        output.Add(input, start, end);
    }
}
