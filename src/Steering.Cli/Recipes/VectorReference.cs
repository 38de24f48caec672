using System.Globalization;
using System.Text.RegularExpressions;

namespace Steering.Cli.Recipes;

/// <summary>How a version of a vector is named: <c>cheerful</c>, <c>cheerful@3</c>, <c>cheerful@canary</c>, <c>cheerful@sha256:0af3...</c>.</summary>
/// <param name="Selector">A number, an alias or a hash; null means the alias prod.</param>
internal sealed partial record VectorReference(string Name, string? Selector)
{
    public const string NamePattern = "[a-z0-9][a-z0-9._-]*";
    public const string Pattern = $"{NamePattern}(@(sha256:[0-9a-f]+|{NamePattern}))?";

    /// <summary>The version, where the selector is a number.</summary>
    public int? Version => Selector is null ? null : Number(Selector);

    /// <summary>A version's number, or null: an alias.</summary>
    public static int? Number(string selector) => int.TryParse(selector, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    /// <summary>Whether a text can name a vector or an alias. It can then stand in a path as it is.</summary>
    public static bool IsName(string text) => NameForm().IsMatch(text);

    /// <summary>Null where the text is no reference.</summary>
    public static VectorReference? Parse(string text) => !Form().IsMatch(text) ? null
        : text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at ? new VectorReference(text[..at], text[(at + 1)..]) : new VectorReference(text, null);

    public override string ToString() => Selector is null ? Name : $"{Name}@{Selector}";

    // \z rather than $, which a line break may follow.
    [GeneratedRegex($@"^{NamePattern}\z")]
    private static partial Regex NameForm();

    [GeneratedRegex($@"^{Pattern}\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
