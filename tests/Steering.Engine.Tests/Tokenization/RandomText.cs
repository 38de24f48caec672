using System.Text;

namespace Steering.Tests.Tokenization;

/// <summary>Random texts of everything that texts may hold: letters, marks, controls, spaces, astral and unassigned characters, token texts, halves of surrogate pairs.</summary>
internal sealed class RandomText(int seed, string[] tokens)
{
    private static readonly string[] Words = ["hello", " the", "Straße", "naïve", "don't", "ŉ", "İstanbul", "ﬁne", "日本", "한국어", "नमस्ते", "Ελλάς", "مرحبا", "🇩🇪", "👩‍👩‍👧", "e\u0301", "x\u030A\u0327", "１２", "\r\n", "▁", "``", "##", "<0x41>"];

    private static readonly (int First, int Last)[] Blocks =
    [
        (0x20, 0x7E), (0x20, 0x7E), (0x20, 0x7E), (0, 0x1F), (0x7F, 0x24F), (0x2B0, 0x36F), (0x370, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F), (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F),
        (0x2100, 0x218F), (0x2580, 0x259F), (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xD800, 0xDFFF), (0xE000, 0xE0FF), (0xF900, 0xFFFF), (0x10000, 0x10FFFF), (0x1D400, 0x1D7FF), (0x1F300, 0x1FAFF), (0xE0000, 0xE01EF),
    ];

    private readonly Random _random = new(seed);

    public string Next()
    {
        var text = new StringBuilder();
        for (int parts = _random.Next(1, 24); parts > 0; parts--)
        {
            int kind = _random.Next(10);
            if (kind == 0 && tokens.Length > 0) text.Append(tokens[_random.Next(tokens.Length)]);
            else if (kind <= 2) text.Append(Words[_random.Next(Words.Length)]);
            else if (kind == 3) text.Append((char)" \n\t\u00A0a7!'\u0301"[_random.Next(9)], _random.Next(1, 12));
            else
            {
                var (first, last) = Blocks[_random.Next(Blocks.Length)];
                for (int i = _random.Next(1, 6); i > 0; i--) Append(text, _random.Next(first, last + 1));
            }
        }
        return text.ToString();
    }

    private static void Append(StringBuilder text, int codePoint)
    {
        if (codePoint < 0x10000) text.Append((char)codePoint);
        else text.Append(char.ConvertFromUtf32(codePoint));
    }
}
