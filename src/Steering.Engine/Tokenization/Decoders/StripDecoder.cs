using System.Text;

namespace Steering.Engine.Tokenization.Decoders;

/// <summary>Takes up to so many of a character from each token's start and end.</summary>
internal sealed class StripDecoder(int content, int start, int stop) : Decoder
{
    private readonly string _content = new Rune(content).ToString();

    public override List<string> Apply(List<string> tokens) => [.. tokens.Select(Strip)];

    private string Strip(string token)
    {
        int from = 0, to = token.Length;
        for (int i = 0; i < start && string.CompareOrdinal(token, from, _content, 0, _content.Length) == 0 && from < to; i++) from += _content.Length;
        for (int i = 0; i < stop && to - _content.Length >= from && string.CompareOrdinal(token, to - _content.Length, _content, 0, _content.Length) == 0; i++)
            to -= _content.Length;
        return token[from..to];
    }
}
