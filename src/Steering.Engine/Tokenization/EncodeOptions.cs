using System.Collections.Immutable;

namespace Steering.Engine.Tokenization;

/// <summary>How a text is to be encoded.</summary>
public sealed record EncodeOptions
{
    /// <summary>Special tokens added by the model's post-processor, special tokens in the text found: what Hugging Face does by default.</summary>
    public static EncodeOptions Default { get; } = new();

    /// <summary>Whether the tokenizer's post-processor adds its special tokens, such as one for the beginning of the text.</summary>
    public bool AddSpecialTokens { get; init; } = true;

    /// <summary>
    /// Whether the text of special tokens, where it occurs, means them. If not, it is text like any other; added tokens that are not special are found either way.
    /// </summary>
    public bool ParseSpecial { get; init; } = true;

    /// <summary>
    /// Ranges of the text (UTF-16, sorted, disjoint) in which special tokens are plain text: no special token is found that overlaps one, so contents of
    /// messages cannot forge the tokens of a chat template around them.
    /// </summary>
    public ImmutableArray<(int Start, int End)> PlainRanges { get; init; } = [];
}
