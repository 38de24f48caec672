using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>Lower case of Unicode 16, letter by letter. .NET's own depends on the ICU of the machine.</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    private const int CapitalIWithDot = 0x130, CombiningDotAbove = 0x307;

    private static readonly Dictionary<int, int> Lower = ReadTable();

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
            else output.Add(LowerOf(codePoint), source);
        }
    }

    private static int LowerOf(int codePoint)
    {
        if (codePoint < 0x80) return codePoint is >= 'A' and <= 'Z' ? codePoint + 32 : codePoint;
        return Lower.GetValueOrDefault(codePoint, codePoint);
    }

    private static Dictionary<int, int> ReadTable()
    {
        int[] numbers = PackedNumbers.Read(CaseData.Lower);
        var table = new Dictionary<int, int>(numbers.Length / 2);
        int codePoint = 0;
        for (int i = 0; i < numbers.Length; i += 2) table[codePoint += numbers[i]] = numbers[i + 1];
        return table;
    }
}
