using System.Globalization;
using Steering.Engine.Tokenization.Reading;
using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.PreTokenizers;

/// <summary>Cuts a text into the words a model tokenizes one by one. Immutable.</summary>
internal abstract class PreTokenizer
{
    private const string Supported = "Sequence, ByteLevel, Split, Digits, Punctuation, Metaspace, WhitespaceSplit, BertPreTokenizer";

    // Punctuation of ASCII (some of which Unicode calls symbols) and category P of Unicode 8, which is what the original's table knows.
    private static readonly CodePointSet PunctuationMarks = CodePointSet.FromRuns(PackedNumbers.Read(Unicode8Data.Punctuation))
        .Union(CodePointSet.Range('!', '/')).Union(CodePointSet.Range(':', '@')).Union(CodePointSet.Range('[', '`')).Union(CodePointSet.Range('{', '~'));

    public abstract void Apply(PiecedText text);

    public static PreTokenizer Read(JsonField field)
    {
        string kind = field.Get("type").Text();
        return kind switch
        {
            "Sequence" => new SequencePreTokenizer([.. field.Get("pretokenizers").Items().Select(Read)]),
            "ByteLevel" => new ByteLevelPreTokenizer(field.Get("add_prefix_space").Flag(), field.Find("use_regex")?.Flag() ?? true),
            "Split" => new SplitPreTokenizer(PatternReader.Read(field.Get("pattern")), Behaviour(field.Get("behavior")), field.Get("invert").Flag()),
            "Digits" => new CharacterPreTokenizer(IsNumeric, field.Get("individual_digits").Flag() ? SplitBehaviour.Isolated : SplitBehaviour.Contiguous),
            "Punctuation" => Punctuation(field.Find("behavior") is { } behaviour ? Behaviour(behaviour) : SplitBehaviour.Isolated),
            "Metaspace" => MetaspacePreTokenizer.Of(field),
            "WhitespaceSplit" => Words(),
            "BertPreTokenizer" => new SequencePreTokenizer([Words(), Punctuation(SplitBehaviour.Isolated)]),
            _ => throw field.Unsupported(kind, Supported),
        };
    }

    private static CharacterPreTokenizer Words() => new(UnicodeProperties.WhiteSpace.Contains, SplitBehaviour.Removed);

    private static CharacterPreTokenizer Punctuation(SplitBehaviour behaviour) => new(PunctuationMarks.Contains, behaviour);

    private static SplitBehaviour Behaviour(JsonField field) => field.Text() switch
    {
        "Removed" => SplitBehaviour.Removed,
        "Isolated" => SplitBehaviour.Isolated,
        "MergedWithPrevious" => SplitBehaviour.MergedWithPrevious,
        "MergedWithNext" => SplitBehaviour.MergedWithNext,
        "Contiguous" => SplitBehaviour.Contiguous,
        _ => throw field.Fail("not one of Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous"),
    };

    // Rust's char::is_numeric: category N of Unicode 16, which .NET 10 knows as well.
    private static bool IsNumeric(int codePoint) =>
        CharUnicodeInfo.GetUnicodeCategory(codePoint) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;
}

/// <summary>One after the other.</summary>
internal sealed class SequencePreTokenizer(PreTokenizer[] parts) : PreTokenizer
{
    public override void Apply(PiecedText text)
    {
        foreach (var part in parts) part.Apply(text);
    }
}
