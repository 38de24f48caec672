using Steering.Engine.Tokenization.Reading;
using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>Rewrites a text before it is tokenized. Immutable.</summary>
internal abstract class Normalizer
{
    private const string Supported = "Sequence, NFC, NFD, NFKC, NFKD, Prepend, Replace, Lowercase, Strip, StripAccents, Precompiled, BertNormalizer";

    /// <summary>Appends what the input from <paramref name="start"/> to <paramref name="end"/> becomes.</summary>
    public abstract void Apply(AlignedText input, int start, int end, AlignedText output);

    /// <summary>What a string becomes.</summary>
    public string Apply(string text)
    {
        var input = AlignedText.Of(text);
        var output = new AlignedText(input.Length);
        if (input.Length > 0) Apply(input, 0, input.Length, output);
        return output.ToString();
    }

    /// <summary>Reads one; null where it would change nothing.</summary>
    public static Normalizer? Read(JsonField field)
    {
        string kind = field.Get("type").Text();
        return kind switch
        {
            "Sequence" => SequenceNormalizer.Of([.. field.Get("normalizers").Items().Select(Read).OfType<Normalizer>()]),
            "NFC" => new UnicodeNormalizer(compatible: false, compose: true),
            "NFD" => new UnicodeNormalizer(compatible: false, compose: false),
            "NFKC" => new UnicodeNormalizer(compatible: true, compose: true),
            "NFKD" => new UnicodeNormalizer(compatible: true, compose: false),
            "Prepend" => new PrependNormalizer(PatternReader.ReadContent(field.Get("prepend"))),
            "Replace" => new ReplaceNormalizer(PatternReader.Read(field.Get("pattern")), PatternReader.ReadContent(field.Get("content"))),
            "Lowercase" => new LowercaseNormalizer(),
            "Strip" => new StripNormalizer(field.Get("strip_left").Flag(), field.Get("strip_right").Flag()),
            "StripAccents" => new FilterNormalizer(Decompositions.Marks.Negate()),
            "Precompiled" => PrecompiledNormalizer.Of(field.Get("precompiled_charsmap")),
            "BertNormalizer" => BertNormalizer.Of(field),
            _ => throw field.Unsupported(kind, Supported),
        };
    }
}
