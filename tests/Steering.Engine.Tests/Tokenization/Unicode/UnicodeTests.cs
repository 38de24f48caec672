using System.Text;
using Steering.Engine.Tokenization.Normalizers;
using Steering.Engine.Tokenization.Unicode;

namespace Steering.Tests.Tokenization.Unicode;

public class UnicodeTests
{
    private static readonly (UnicodeNormalizer Ours, NormalizationForm Theirs)[] Forms =
    [
        (new UnicodeNormalizer(compatible: false, compose: true), NormalizationForm.FormC),
        (new UnicodeNormalizer(compatible: false, compose: false), NormalizationForm.FormD),
        (new UnicodeNormalizer(compatible: true, compose: true), NormalizationForm.FormKC),
        (new UnicodeNormalizer(compatible: true, compose: false), NormalizationForm.FormKD),
    ];

    // Normalization of a character never changes once it is assigned, so for what Unicode 9 knew any later table agrees.
    [Fact]
    public void Random_texts_of_characters_of_Unicode_9_are_normalized_as_by_a_later_version()
    {
        var random = new Random(7);
        int[] interesting =
        [
            .. Enumerable.Range(0xA0, 0x2FA20).Where(c => Rune.IsValid(c) && Changes(c)),
            .. Enumerable.Range(0x300, 0x70), .. Enumerable.Range(0x1100, 0x100), 'a', 'e', 'o', 'u',
        ];

        for (int round = 0; round < 20_000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => char.ConvertFromUtf32(interesting[random.Next(interesting.Length)])));
            foreach (var (ours, theirs) in Forms)
                Assert.True(ours.Apply(text) == text.Normalize(theirs), $"{theirs} of {Convert.ToHexString(System.Text.Encoding.BigEndianUnicode.GetBytes(text))}");
        }
    }

    [Fact]
    public void Characters_newer_than_Unicode_9_stay_as_they_are()
    {
        // Decomposes since Unicode 13; compatibility of Unicode 12.1.
        foreach (string text in (string[])["\U00011938", "\u32FF"])
            foreach (var (ours, _) in Forms) Assert.Equal(text, ours.Apply(text));
    }

    [Theory]
    [InlineData("L", 'a', true), InlineData("Lu", 'a', false), InlineData("LC", 'a', true), InlineData("N", '²', true), InlineData("Nd", '²', false)]
    [InlineData("P", '!', true), InlineData("S", '+', true), InlineData("Zs", ' ', true), InlineData("Cn", 0x378, true), InlineData("any", 0x10FFFF, true)]
    [InlineData("Latin", 'a', true), InlineData("han", 0x4E00, true), InlineData("greek", 'a', false), InlineData("Other_Letter", 0x4E00, true)]
    [InlineData("L", 0x10D4A, false), InlineData("L", 0x10570, true)]
    public void Properties_are_those_of_Unicode_14(string name, int codePoint, bool expected) => Assert.Equal(expected, UnicodeProperties.Find(name)!.Contains(codePoint));

    [Fact]
    public void Sets_of_code_points_behave_as_sets()
    {
        var random = new Random(3);
        for (int round = 0; round < 200; round++)
        {
            var left = Enumerable.Range(0, 20).Select(_ => random.Next(40)).ToHashSet();
            var right = Enumerable.Range(0, 20).Select(_ => random.Next(40)).ToHashSet();
            CodePointSet a = CodePointSet.Of(left), b = CodePointSet.Of(right);
            for (int c = 0; c < 42; c++)
            {
                Assert.Equal(left.Contains(c), a.Contains(c));
                Assert.Equal(left.Contains(c) || right.Contains(c), a.Union(b).Contains(c));
                Assert.Equal(left.Contains(c) && right.Contains(c), a.Intersect(b).Contains(c));
                Assert.Equal(!left.Contains(c), a.Negate().Contains(c));
            }
            Assert.Equal(a, a.Negate().Negate());
        }
    }

    private static bool Changes(int codePoint)
    {
        var parts = new List<int>();
        Decompositions.Decompose(codePoint, compatible: true, parts);
        return parts.Count != 1 || parts[0] != codePoint || Decompositions.CombiningClass(codePoint) != 0;
    }
}
