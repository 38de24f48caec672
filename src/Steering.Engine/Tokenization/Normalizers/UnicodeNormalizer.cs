using System.Runtime.InteropServices;
using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>
/// NFC, NFD, NFKC and NFKD by the tables of Unicode 9. A composed character takes the place of those it was made of; what a decomposition adds is put in.
/// </summary>
internal sealed class UnicodeNormalizer(bool compatible, bool compose) : Normalizer
{
    // Below these no character changes or combines with the one before it.
    private readonly int _unchangedBelow = compose ? (compatible ? 0xA0 : 0x300) : (compatible ? 0xA0 : 0xC0);

    public override void Apply(AlignedText input, int start, int end, AlignedText output)
    {
        if (input.CodePoints[start..end].IndexOfAnyExceptInRange(0, _unchangedBelow - 1) < 0)
        {
            output.Add(input, start, end);
            return;
        }
        var parts = Decompose(input.CodePoints[start..end]);
        if (compose) parts = Compose(parts);
        Rewriting.Write(parts, input, start, end, output);
    }

    // Decomposed, and marks in canonical order; the order within a class stays.
    private List<RewrittenCharacter> Decompose(ReadOnlySpan<int> text)
    {
        var parts = new List<RewrittenCharacter>(text.Length);
        var decomposition = new List<int>();
        int pending = 0;
        foreach (int codePoint in text)
        {
            decomposition.Clear();
            Decompositions.Decompose(codePoint, compatible, decomposition);
            for (int i = 0; i < decomposition.Count; i++)
            {
                var part = new RewrittenCharacter(decomposition[i], i == 0 ? 0 : 1);
                if (ClassOf(part) == 0)
                {
                    Sort(parts, pending);
                    pending = parts.Count + 1;
                }
                parts.Add(part);
            }
        }
        Sort(parts, pending);
        return parts;
    }

    private static void Sort(List<RewrittenCharacter> parts, int from)
    {
        if (parts.Count - from < 2) return;
        var sorted = parts.Skip(from).OrderBy(ClassOf).ToArray();
        sorted.CopyTo(CollectionsMarshal.AsSpan(parts)[from..]);
    }

    private static byte ClassOf(RewrittenCharacter part) => Decompositions.CombiningClass(part.CodePoint);

    private static List<RewrittenCharacter> Compose(List<RewrittenCharacter> parts)
    {
        var result = new List<RewrittenCharacter>(parts.Count);
        int starter = -1, lastClass = -1;
        foreach (var part in parts)
        {
            int partClass = ClassOf(part);
            // A mark combines with the starter unless one of the same or a higher class stands between.
            bool isNear = starter >= 0 && (lastClass < 0 || lastClass < partClass);
            if (isNear && Decompositions.Compose(result[starter].CodePoint, part.CodePoint) is >= 0 and int composed)
            {
                result[starter] = new RewrittenCharacter(composed, result[starter].Change + part.Change - 1);
                continue;
            }
            if (partClass == 0)
            {
                starter = result.Count;
                lastClass = -1;
            }
            else if (starter >= 0) lastClass = partClass;
            result.Add(part);
        }
        return result;
    }
}
