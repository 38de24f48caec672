using System.Runtime.InteropServices;
using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Regex;

/// <summary>
/// Code points sorted into the few classes that the sets of one regular expression tell apart, so that a set is a table over classes and a text is
/// classified once however often it is looked at. The class after the last one stands for the end of the text.
/// </summary>
internal sealed class Alphabet
{
    private const int PageBits = 8;

    private readonly ushort[] _pageOf = new ushort[CodePointSet.Limit >> PageBits];
    private readonly ushort[] _pages;

    public Alphabet(IReadOnlyList<CodePointSet> sets)
    {
        int[] bounds = [.. sets.SelectMany(s => s.Bounds.ToArray()).Append(0).Where(b => b < CodePointSet.Limit).Distinct().Order()];
        var classes = new Dictionary<string, ushort>();
        var members = sets.Select(_ => new List<bool>()).ToArray();
        var classOf = new ushort[CodePointSet.Limit];
        var signature = new char[sets.Count];
        for (int i = 0; i < bounds.Length; i++)
        {
            for (int s = 0; s < sets.Count; s++) signature[s] = sets[s].Contains(bounds[i]) ? '1' : '0';
            if (!classes.TryGetValue(new string(signature), out ushort index))
            {
                if (classes.Count == ushort.MaxValue) throw new FormatException("the regular expression has too many different sets");
                classes[new string(signature)] = index = (ushort)classes.Count;
                for (int s = 0; s < sets.Count; s++) members[s].Add(signature[s] == '1');
            }
            int end = i + 1 < bounds.Length ? bounds[i + 1] : CodePointSet.Limit;
            classOf.AsSpan(bounds[i]..end).Fill(index);
        }
        End = (ushort)classes.Count;
        Members = [.. members.Select(m => m.Append(false).ToArray())];
        _pages = Fold(classOf);
    }

    /// <summary>The class of the end of the text, which no set has.</summary>
    public ushort End { get; }

    /// <summary>For each set, in the order given: whether it has a class, <see cref="End"/> included.</summary>
    public bool[][] Members { get; }

    public ushort ClassOf(int codePoint) => _pages[(_pageOf[codePoint >> PageBits] << PageBits) | (codePoint & ((1 << PageBits) - 1))];

    // Equal pages are kept once: of the 4,352 only some hundred differ.
    private ushort[] Fold(ushort[] classOf)
    {
        var known = new Dictionary<string, ushort>();
        var pages = new List<ushort>();
        for (int page = 0; page < _pageOf.Length; page++)
        {
            var content = classOf.AsSpan(page << PageBits, 1 << PageBits);
            string key = new(MemoryMarshal.Cast<ushort, char>(content));
            if (!known.TryGetValue(key, out ushort index))
            {
                known[key] = index = (ushort)known.Count;
                pages.AddRange(content);
            }
            _pageOf[page] = index;
        }
        return [.. pages];
    }
}
