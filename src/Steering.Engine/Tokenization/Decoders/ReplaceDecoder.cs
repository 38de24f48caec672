using Steering.Engine.Tokenization.Normalizers;
using Steering.Engine.Tokenization.Regex;

namespace Steering.Engine.Tokenization.Decoders;

/// <summary>Replaces every match of a pattern, token by token.</summary>
internal sealed class ReplaceDecoder(CompiledRegex pattern, string content) : Decoder
{
    private readonly ReplaceNormalizer _replace = new(pattern, content);

    public override List<string> Apply(List<string> tokens) => [.. tokens.Select(TextOf)];

    public override string TextOf(string token) => _replace.Apply(token);
}
