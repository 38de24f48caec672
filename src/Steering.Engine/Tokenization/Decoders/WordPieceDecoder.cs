namespace Steering.Engine.Tokenization.Decoders;

/// <summary>Joins words by spaces and pieces within a word to what is before; token by token takes back some of the spaces, as in the original.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanup) : Decoder
{
    // In this order.
    private static readonly (string Found, string Instead)[] Replacements =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    public override List<string> Apply(List<string> tokens) => [.. tokens.Select((token, i) => i == 0 ? Clean(token) : TextOf(token))];

    public override string TextOf(string token) => Clean(token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token);

    private string Clean(string text) =>
        cleanup ? Replacements.Aggregate(text, (soFar, r) => soFar.Replace(r.Found, r.Instead, StringComparison.Ordinal)) : text;
}
