using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Regex;

/// <summary>
/// Code points sorted into the few classes that the sets of one regular expression tell apart, so that a set is a table over classes and a text is
/// classified once however often it is looked at. The class after the last one stands for the end of the text.
/// </summary>
internal sealed class Alphabet
{
    private const int PageBits = 8;
    private const int PageSize = 1 << PageBits;

    private readonly int[] _pageOf = new int[CodePointSet.Limit >> PageBits];
    private readonly ushort[] _pages;

    public Alphabet(IReadOnlyList<CodePointSet> sets)
    {
        // Between two bounds all code points are in the same sets.
        int[] bounds = [.. sets.SelectMany(s => s.Bounds.ToArray()).Append(0).Where(b => b < CodePointSet.Limit).Distinct().Order()];
        var classOf = new ushort[bounds.Length];
        var classes = new Dictionary<string, ushort>();
        var members = sets.Select(_ => new List<bool>()).ToArray();
        var signature = new char[sets.Count];
        for (int i = 0; i < bounds.Length; i++)
        {
            for (int s = 0; s < sets.Count; s++) signature[s] = sets[s].Contains(bounds[i]) ? '1' : '0';
            if (!classes.TryGetValue(new string(signature), out classOf[i]))
            {
                if (classes.Count == ushort.MaxValue) throw new FormatException("the regular expression has too many different sets");
                classes[new string(signature)] = classOf[i] = (ushort)classes.Count;
                for (int s = 0; s < sets.Count; s++) members[s].Add(signature[s] == '1');
            }
        }
        End = (ushort)classes.Count;
        Members = [.. members.Select(m => m.Append(false).ToArray())];
        _pages = Fold(bounds, classOf);
    }

    /// <summary>The class of the end of the text, which no set has.</summary>
    public ushort End { get; }

    /// <summary>For each set, in the order given: whether it has a class, <see cref="End"/> included.</summary>
    public bool[][] Members { get; }

    public ushort ClassOf(int codePoint) => _pages[(_pageOf[codePoint >> PageBits] << PageBits) | (codePoint & (PageSize - 1))];

    // Of the 4,352 pages most are of one class throughout; those are kept once for each class.
    private ushort[] Fold(int[] bounds, ushort[] classOf)
    {
        var uniform = new Dictionary<ushort, int>();
        var pages = new List<ushort>();
        int interval = 0;
        for (int page = 0; page < _pageOf.Length; page++)
        {
            int start = page << PageBits, end = start + PageSize;
            while (interval + 1 < bounds.Length && bounds[interval + 1] <= start) interval++;
            bool isUniform = interval + 1 == bounds.Length || bounds[interval + 1] >= end;
            if (isUniform && uniform.TryGetValue(classOf[interval], out _pageOf[page])) continue;
            _pageOf[page] = pages.Count >> PageBits;
            if (isUniform) uniform[classOf[interval]] = _pageOf[page];
            for (int codePoint = start; codePoint < end; codePoint++)
            {
                if (interval + 1 < bounds.Length && bounds[interval + 1] == codePoint) interval++;
                pages.Add(classOf[interval]);
            }
        }
        return [.. pages];
    }
}
