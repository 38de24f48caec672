namespace Steering.Engine.Tokenization.Decoders;

/// <summary>
/// Turns the letters of bytes back into bytes, over all tokens together; what is no UTF-8 becomes U+FFFD, one for each part that could have begun a character.
/// </summary>
internal sealed class ByteLevelDecoder : Decoder
{
    public override List<string> Apply(List<string> tokens)
    {
        using var bytes = new MemoryStream();
        foreach (string token in tokens) bytes.Write(ByteLetters.Decode(token));
        return [System.Text.Encoding.UTF8.GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length))];
    }

    public override byte[] BytesOf(string token) => ByteLetters.Decode(token);
}
