using System.Text;

namespace Steering.Engine.Tokenization;

/// <summary>GPT-2's letters for bytes: every byte a visible character, those of printable Latin-1 themselves, the others from U+0100 on.</summary>
internal static class ByteLetters
{
    private static readonly int[] Letters = new int[256];
    private static readonly int[] Bytes = new int[0x180];

    static ByteLetters()
    {
        int next = 256;
        Array.Fill(Bytes, -1);
        for (int b = 0; b < 256; b++)
        {
            Letters[b] = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? b : next++;
            Bytes[Letters[b]] = b;
        }
    }

    /// <summary>The letter of the space.</summary>
    public const int Space = 0x120;

    public static int Of(byte b) => Letters[b];

    /// <summary>The byte a letter stands for, -1 if it is none.</summary>
    public static int ByteOf(int codePoint) => codePoint < Bytes.Length ? Bytes[codePoint] : -1;

    /// <summary>The bytes a token stands for: those of its letters, or its UTF-8 where not all of it are such letters.</summary>
    public static byte[] Decode(string token)
    {
        var bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            int b = ByteOf(token[i]);
            if (b < 0) return System.Text.Encoding.UTF8.GetBytes(token);
            bytes[i] = (byte)b;
        }
        return bytes;
    }
}
