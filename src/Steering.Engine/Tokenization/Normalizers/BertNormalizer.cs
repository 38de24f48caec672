using Steering.Engine.Tokenization.Reading;
using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>What BERT does to a text, each step if asked for.</summary>
internal static class BertNormalizer
{
    private static readonly CodePointSet NoAccents = CodePointSet.FromRuns(PackedNumbers.Read(Unicode8Data.NonspacingMarks)).Negate();

    /// <summary>The steps; null for none.</summary>
    public static Normalizer? Of(JsonField field)
    {
        bool lowercase = field.Get("lowercase").Flag();
        var steps = new List<Normalizer>();
        if (field.Get("clean_text").Flag()) steps.Add(new CleanTextNormalizer());
        if (field.Get("handle_chinese_chars").Flag()) steps.Add(new IdeographNormalizer());
        if (field.Find("strip_accents")?.Flag() ?? lowercase) steps.AddRange([new UnicodeNormalizer(compatible: false, compose: false), new FilterNormalizer(NoAccents)]);
        if (lowercase) steps.Add(new LowercaseNormalizer());
        return SequenceNormalizer.Of([.. steps]);
    }
}
