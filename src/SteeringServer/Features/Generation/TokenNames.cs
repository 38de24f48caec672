using System.Text;
using System.Text.Unicode;
using Steering.Engine.Tokenization;

namespace SteeringServer.Features.Generation;

/// <summary>How tokens appear in log-probabilities. A token that is no text by itself (part of a character) is written <c>bytes:\xf0\x9f</c>, as OpenAI does.</summary>
internal sealed class TokenNames(Tokenizer tokenizer)
{
    // JSON has no infinities; this is what OpenAI writes for "never".
    private const float Never = -9999;

    private readonly string?[] _names = new string?[tokenizer.VocabularySize];

    public static float Finite(float logprob) => float.IsFinite(logprob) ? logprob : Never;

    /// <summary>The token's text. Any thread: names are computed at most a few times over and are the same each time.</summary>
    public string Of(int token) => (uint)token < (uint)_names.Length ? _names[token] ??= Compute(token) : $"token_id:{token}";

    public ReadOnlySpan<byte> BytesOf(int token) => (uint)token < (uint)_names.Length ? tokenizer.Bytes(token) : [];

    private string Compute(int token)
    {
        var bytes = BytesOf(token);
        if (Utf8.IsValid(bytes)) return System.Text.Encoding.UTF8.GetString(bytes);
        var name = new StringBuilder("bytes:");
        foreach (byte value in bytes) name.Append("\\x").Append(value.ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
        return name.ToString();
    }
}
