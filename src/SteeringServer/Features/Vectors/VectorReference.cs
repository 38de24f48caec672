using System.Buffers;
using System.Globalization;

namespace SteeringServer.Features.Vectors;

/// <summary>How a request names a version of a vector: <c>cheerful</c>, <c>cheerful@3</c>, <c>cheerful@prod</c>, <c>cheerful@sha256:0af3...</c>.</summary>
/// <param name="Name"><c>[a-z0-9][a-z0-9._-]*</c>.</param>
/// <param name="Selector">A version number, an alias or a hash; null means the alias <c>prod</c>.</param>
internal sealed record VectorReference(string Name, string? Selector)
{
    public const string HashPrefix = "sha256:";
    /// <summary>What a name is, for messages.</summary>
    public const string NameRule = "lower-case letters, digits, '.', '_' and '-', starting with a letter or digit, at most 128 of them";

    private const int LongestName = 128;
    private const string First = "abcdefghijklmnopqrstuvwxyz0123456789";
    private static readonly SearchValues<char> Others = SearchValues.Create(First + "._-");
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    /// <summary>Splits at the first @; says what is wrong where the text is no reference.</summary>
    public static bool TryParse(string text, out VectorReference reference, out string problem)
    {
        int at = text.IndexOf('@', StringComparison.Ordinal);
        reference = at < 0 ? new VectorReference(text, null) : new VectorReference(text[..at], text[(at + 1)..]);
        problem = !IsName(reference.Name)
            ? $"found {Requests.Found.Quote(text)}; expected a vector's name (lower-case letters, digits, '.', '_', '-'; it starts with a letter or digit), "
                + "then optionally @ and a version"
            : reference.Selector is { } selector && !IsSelector(selector)
            ? $"found {Requests.Found.Quote(text)}; after @ comes a version number, an alias such as prod, or sha256: and at least 8 hexadecimal digits"
            : "";
        return problem.Length == 0;
    }

    public static bool IsName(string text) =>
        text.Length is > 0 and <= LongestName && First.Contains(text[0], StringComparison.Ordinal) && !text.AsSpan().ContainsAnyExcept(Others);

    /// <summary>The version number, where the selector is one.</summary>
    public int? Version => int.TryParse(Selector, NumberStyles.None, CultureInfo.InvariantCulture, out int version) ? version : null;

    /// <summary>The beginning of the hash, where the selector is one.</summary>
    public string? Hash => Selector?.StartsWith(HashPrefix, StringComparison.Ordinal) == true ? Selector[HashPrefix.Length..] : null;

    public override string ToString() => Selector is null ? Name : $"{Name}@{Selector}";

    private static bool IsSelector(string text) => text.StartsWith(HashPrefix, StringComparison.Ordinal)
        ? text.Length - HashPrefix.Length is >= 8 and <= 64 && !text.AsSpan(HashPrefix.Length).ContainsAnyExcept(Hexadecimal)
        : IsName(text);
}
