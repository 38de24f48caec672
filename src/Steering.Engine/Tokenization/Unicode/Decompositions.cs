namespace Steering.Engine.Tokenization.Unicode;

/// <summary>Decompositions, compositions and combining classes of Unicode 9, which is what Hugging Face tokenizers normalizes by.</summary>
internal static class Decompositions
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int Leads = 19, Vowels = 21, Trails = 28, Syllables = Leads * Vowels * Trails;

    private static readonly Dictionary<int, int[]> Canonical = [];
    private static readonly Dictionary<int, int[]> Compatible = [];
    private static readonly Dictionary<(int, int), int> Compositions = [];
    private static readonly Dictionary<int, byte> Classes = [];

    static Decompositions()
    {
        int at = 0, code = 0;
        int[] numbers = PackedNumbers.Read(NormalizationData.Canonical);
        while (at < numbers.Length)
        {
            code += numbers[at++];
            int flags = numbers[at++], count = (flags & 2) != 0 ? 2 : 1;
            Canonical[code] = numbers[at..(at + count)];
            if (flags == 2) Compositions[(numbers[at], numbers[at + 1])] = code;
            at += count;
        }
        (at, code, numbers) = (0, 0, PackedNumbers.Read(NormalizationData.Compatible));
        while (at < numbers.Length)
        {
            code += numbers[at++];
            int count = numbers[at++];
            Compatible[code] = numbers[at..(at + count)];
            at += count;
        }
        (code, numbers) = (0, PackedNumbers.Read(NormalizationData.CombiningClasses));
        for (at = 0; at < numbers.Length; at += 2)
        {
            for (int i = 0; i < numbers[at]; i++)
                if (numbers[at + 1] != 0) Classes[code + i] = (byte)numbers[at + 1];
            code += numbers[at];
        }
    }

    /// <summary>Category M of Unicode 9.</summary>
    public static CodePointSet Marks { get; } = CodePointSet.FromRuns(PackedNumbers.Read(NormalizationData.Marks));

    public static byte CombiningClass(int codePoint) => Classes.GetValueOrDefault(codePoint);

    /// <summary>Appends the full decomposition.</summary>
    public static void Decompose(int codePoint, bool compatible, List<int> output)
    {
        int syllable = codePoint - HangulBase;
        if (syllable is >= 0 and < Syllables)
        {
            output.Add(LeadBase + (syllable / (Vowels * Trails)));
            output.Add(VowelBase + (syllable / Trails % Vowels));
            if (syllable % Trails != 0) output.Add(TrailBase + (syllable % Trails));
        }
        else if (Canonical.TryGetValue(codePoint, out int[]? parts) || (compatible && Compatible.TryGetValue(codePoint, out parts)))
        {
            foreach (int part in parts) Decompose(part, compatible, output);
        }
        else output.Add(codePoint);
    }

    /// <summary>The character two characters make, -1 if none.</summary>
    public static int Compose(int first, int second)
    {
        if (first is >= LeadBase and < LeadBase + Leads && second is >= VowelBase and < VowelBase + Vowels)
            return HangulBase + ((((first - LeadBase) * Vowels) + second - VowelBase) * Trails);
        int syllable = first - HangulBase;
        if (syllable is >= 0 and < Syllables && syllable % Trails == 0 && second is > TrailBase and < TrailBase + Trails) return first + second - TrailBase;
        return Compositions.GetValueOrDefault((first, second), -1);
    }
}
