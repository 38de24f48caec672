using System.Collections.Concurrent;

namespace Steering.Engine.Tokenization.Unicode;

/// <summary>The character properties regular expressions may name, as Oniguruma 6.9 knows them: those of Unicode 14.</summary>
internal static class UnicodeProperties
{
    private static readonly Dictionary<string, string> LongNames = new()
    {
        ["letter"] = "l", ["casedletter"] = "lc", ["uppercaseletter"] = "lu", ["lowercaseletter"] = "ll", ["titlecaseletter"] = "lt",
        ["modifierletter"] = "lm", ["otherletter"] = "lo", ["mark"] = "m", ["combiningmark"] = "m", ["nonspacingmark"] = "mn",
        ["spacingmark"] = "mc", ["enclosingmark"] = "me", ["number"] = "n", ["decimalnumber"] = "nd", ["letternumber"] = "nl",
        ["othernumber"] = "no", ["punctuation"] = "p", ["connectorpunctuation"] = "pc", ["dashpunctuation"] = "pd",
        ["openpunctuation"] = "ps", ["closepunctuation"] = "pe", ["initialpunctuation"] = "pi", ["finalpunctuation"] = "pf",
        ["otherpunctuation"] = "po", ["symbol"] = "s", ["mathsymbol"] = "sm", ["currencysymbol"] = "sc", ["modifiersymbol"] = "sk",
        ["othersymbol"] = "so", ["separator"] = "z", ["spaceseparator"] = "zs", ["lineseparator"] = "zl", ["paragraphseparator"] = "zp",
        ["other"] = "c", ["control"] = "cc", ["format"] = "cf", ["surrogate"] = "cs", ["privateuse"] = "co", ["unassigned"] = "cn",
    };

    private static readonly Lazy<CodePointSet[]> Categories = new(() => Unpack(PropertyData.CategoryRuns, PropertyData.Categories.Length));
    private static readonly Lazy<CodePointSet[]> Scripts = new(() => Unpack(PropertyData.ScriptRuns, PropertyData.Scripts.Length));
    private static readonly ConcurrentDictionary<string, CodePointSet?> Found = new();

    /// <summary><c>\s</c>: the property White_Space, the same in every version since 6.3.</summary>
    public static CodePointSet WhiteSpace { get; } = CodePointSet.Of(
        [9, 10, 11, 12, 13, 0x20, 0x85, 0xA0, 0x1680, .. Enumerable.Range(0x2000, 11), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]);

    /// <summary><c>\d</c>.</summary>
    public static CodePointSet Digit => Find("Nd")!;

    /// <summary><c>\w</c>: letters, marks, decimal digits and connectors.</summary>
    public static CodePointSet Word { get; } = Find("L")!.Union(Find("M")!).Union(Find("Nd")!).Union(Find("Pc")!);

    /// <summary>A general category (<c>L</c>, <c>Lu</c>, <c>Uppercase_Letter</c>, <c>LC</c>), a script (<c>Han</c>) or <c>Any</c>; else null.</summary>
    public static CodePointSet? Find(string name) =>
        name.Length > 40 ? null : Found.GetOrAdd(string.Concat(name.Where(c => c is not (' ' or '_' or '-'))).ToLowerInvariant(), Look);

    private static CodePointSet? Look(string name)
    {
        if (name == "any") return CodePointSet.All;
        string category = LongNames.GetValueOrDefault(name, name);
        if (category == "lc") return Look("lu")!.Union(Look("ll")!).Union(Look("lt")!);
        CodePointSet? found = null;
        for (int i = 0; i < PropertyData.Categories.Length; i++)
        {
            string candidate = PropertyData.Categories[i].ToLowerInvariant();
            if (category.Length is 1 or 2 && candidate.StartsWith(category, StringComparison.Ordinal))
                found = found is null ? Categories.Value[i] : found.Union(Categories.Value[i]);
        }
        if (found is not null) return found;
        int script = Array.FindIndex(PropertyData.Scripts, s => s.Replace("_", "", StringComparison.Ordinal).Equals(name, StringComparison.OrdinalIgnoreCase));
        return script < 0 ? null : Scripts.Value[script];
    }

    private static CodePointSet[] Unpack(string packed, int count)
    {
        var bounds = new List<int>[count];
        for (int i = 0; i < count; i++) bounds[i] = [];
        int[] runs = PackedNumbers.Read(packed);
        int at = 0;
        for (int i = 0; i < runs.Length; i += 2)
        {
            bounds[runs[i + 1]].AddRange([at, at + runs[i]]);
            at += runs[i];
        }
        return [.. bounds.Select(b => CodePointSet.FromBounds([.. b]))];
    }
}
