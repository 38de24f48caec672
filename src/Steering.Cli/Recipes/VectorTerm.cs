using System.Globalization;
using System.Text.RegularExpressions;

namespace Steering.Cli.Recipes;

/// <summary>A vector and how strongly it acts; a null strength is left to the server.</summary>
/// <param name="Reference">name, name@version or name@alias.</param>
internal sealed partial record VectorTerm(string Reference, double? Strength)
{
    /// <summary>Reads <c>name[@version][:strength]</c>; a version may be a number, an alias or sha256:hash.</summary>
    /// <exception cref="UsageException">The text has another form.</exception>
    public static VectorTerm Parse(string text)
    {
        var match = Form().Match(text);
        double strength = 0;
        if (!match.Success || (match.Groups["strength"] is { Success: true, ValueSpan: var number } && !TryNumber(number, out strength)))
            throw new UsageException($"--vector: '{text}' is not name[@version][:strength], such as mood-joyful:2 or polite@3:-0.5.");
        return new VectorTerm(match.Groups["reference"].Value, match.Groups["strength"].Success ? strength : null);
    }

    /// <summary>Reads the shorthand <c>2 mood-joyful - 0.5 polite@3</c>: terms joined by + or - with spaces around, each a name with an optional number before it.</summary>
    /// <exception cref="UsageException">The text has another form.</exception>
    public static IReadOnlyList<VectorTerm> ParseShorthand(string text)
    {
        var terms = new List<VectorTerm>();
        double sign = 1;
        double? strength = null;
        bool expectsTerm = true;
        foreach (string word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (word is "+" or "-" && strength is null && (!expectsTerm || terms.Count == 0))
            {
                sign = word is "-" ? -1 : 1;
                expectsTerm = true;
            }
            else if (expectsTerm && strength is null && TryNumber(word, out double number))
            {
                strength = number;
            }
            else if (expectsTerm && VectorReference.Parse(word) is not null)
            {
                terms.Add(new VectorTerm(word, sign * (strength ?? 1)));
                (sign, strength, expectsTerm) = (1, null, false);
            }
            else
            {
                throw Malformed(text, word);
            }
        }
        return expectsTerm || strength is not null ? throw Malformed(text, "the end") : terms;
    }

    private static UsageException Malformed(string text, string word) =>
        new($"--steer: did not expect '{word}' in '{text}'; expected a form like \"2 mood-joyful - 0.5 polite\".");

    private static bool TryNumber(ReadOnlySpan<char> text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    [GeneratedRegex($"^(?<reference>{VectorReference.Pattern})(:(?<strength>[^:]+))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
