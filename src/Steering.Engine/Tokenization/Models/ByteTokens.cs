using System.Globalization;
using System.Text;

namespace Steering.Engine.Tokenization.Models;

/// <summary>The tokens <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c> of a vocabulary, for characters that have no other.</summary>
internal sealed class ByteTokens
{
    private readonly int[] _ids = new int[256];

    public ByteTokens(Vocabulary vocabulary)
    {
        for (int b = 0; b < 256; b++) _ids[b] = vocabulary.IdOf(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>")) ?? -1;
    }

    /// <summary>Whether every byte has a token.</summary>
    public bool AreComplete => !_ids.Contains(-1);

    /// <summary>The tokens of a character's bytes, at most four; 0 if not all have one.</summary>
    public int Write(int codePoint, Span<int> ids)
    {
        Span<byte> utf8 = stackalloc byte[4];
        int length = new Rune(codePoint).EncodeToUtf8(utf8);
        for (int i = 0; i < length; i++)
            if ((ids[i] = _ids[utf8[i]]) < 0) return 0;
        return length;
    }
}
