using System.Text;

namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>Lower case, letter by letter.</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    private const int CapitalIWithDot = 0x130, CombiningDotAbove = 0x307;

    public override void Apply(AlignedText input, int start, int end, AlignedText output)
    {
        for (int i = start; i < end; i++)
        {
            int codePoint = input.CodePoints[i];
            var source = input.Sources[i];
            // The only letter whose lower case is two.
            if (codePoint == CapitalIWithDot)
            {
                output.Add('i', source);
                output.Add(CombiningDotAbove, source);
            }
            else output.Add(Rune.ToLowerInvariant(new Rune(codePoint)).Value, source);
        }
    }
}
