using System.Text;
using Steering.Engine.Tokenization.PreTokenizers;
using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.Decoders;

/// <summary>Turns the visible character back into spaces; in the first token into nothing, where one was put there.</summary>
internal sealed class MetaspaceDecoder(int replacement, PrependScheme scheme) : Decoder
{
    private readonly string _replacement = new Rune(replacement).ToString();

    public static MetaspaceDecoder Of(JsonField field) => new(field.Get("replacement").Character(), MetaspacePreTokenizer.ReadScheme(field));

    public override List<string> Apply(List<string> tokens) =>
        [.. tokens.Select((token, i) => i == 0 && scheme != PrependScheme.Never ? token.Replace(_replacement, "", StringComparison.Ordinal) : TextOf(token))];

    public override string TextOf(string token) => token.Replace(_replacement, " ", StringComparison.Ordinal);
}
