using System.Globalization;
using System.Text.Unicode;

namespace Steering.Engine.Tokenization.Decoders;

/// <summary>Turns runs of tokens like <c>&lt;0xE4&gt;</c> into characters; every byte of a run that is not UTF-8 as a whole becomes U+FFFD.</summary>
internal sealed class ByteFallbackDecoder : Decoder
{
    public override List<string> Apply(List<string> tokens)
    {
        var result = new List<string>(tokens.Count);
        var run = new List<byte>();
        foreach (string token in tokens)
        {
            if (ByteOf(token) is { } b)
            {
                run.Add(b);
                continue;
            }
            Flush(run, result);
            result.Add(token);
        }
        Flush(run, result);
        return result;
    }

    public override byte[]? BytesOf(string token) => ByteOf(token) is { } b ? [b] : null;

    private static void Flush(List<byte> run, List<string> result)
    {
        if (run.Count == 0) return;
        byte[] bytes = [.. run];
        if (Utf8.IsValid(bytes)) result.Add(System.Text.Encoding.UTF8.GetString(bytes));
        else result.AddRange(Enumerable.Repeat("\uFFFD", bytes.Length));
        run.Clear();
    }

    private static byte? ByteOf(string token) =>
        token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
        && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte b)
            ? b
            : null;
}
