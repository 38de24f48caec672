using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.Decoders;

/// <summary>Turns tokens back into text: a list of strings into another, joined in the end. Immutable.</summary>
internal abstract class Decoder
{
    private const string Supported = "Sequence, ByteLevel, Replace, ByteFallback, Fuse, Strip, Metaspace, WordPiece";

    public abstract List<string> Apply(List<string> tokens);

    /// <summary>The bytes one token stands for by itself, as far as this decoder knows; null to leave that to others.</summary>
    public virtual byte[]? BytesOf(string token) => null;

    /// <summary>A token as it reads inside a text.</summary>
    public virtual string TextOf(string token) => token;

    public static Decoder Read(JsonField field)
    {
        string kind = field.Get("type").Text();
        return kind switch
        {
            "Sequence" => new SequenceDecoder([.. field.Get("decoders").Items().Select(Read)]),
            "ByteLevel" => new ByteLevelDecoder(),
            "Replace" => new ReplaceDecoder(PatternReader.Read(field.Get("pattern")), PatternReader.ReadContent(field.Get("content"))),
            "ByteFallback" => new ByteFallbackDecoder(),
            "Fuse" => new FuseDecoder(),
            "Strip" => new StripDecoder(field.Get("content").Character(), field.Get("start").Count(), field.Get("stop").Count()),
            "Metaspace" => MetaspaceDecoder.Of(field),
            "WordPiece" => new WordPieceDecoder(field.Get("prefix").Text(), field.Get("cleanup").Flag()),
            _ => throw field.Unsupported(kind, Supported),
        };
    }
}

/// <summary>One after the other.</summary>
internal sealed class SequenceDecoder(Decoder[] parts) : Decoder
{
    public override List<string> Apply(List<string> tokens) => parts.Aggregate(tokens, (soFar, part) => part.Apply(soFar));

    public override byte[]? BytesOf(string token) => parts.Select(p => p.BytesOf(token)).FirstOrDefault(b => b is not null);

    public override string TextOf(string token) => parts.Aggregate(token, (soFar, part) => part.TextOf(soFar));
}

/// <summary>Joins all tokens into one.</summary>
internal sealed class FuseDecoder : Decoder
{
    public override List<string> Apply(List<string> tokens) => [string.Concat(tokens)];
}
