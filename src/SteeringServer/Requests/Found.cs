using System.Globalization;
using System.Text.Json;

namespace SteeringServer.Requests;

/// <summary>Says in a message what a request had where something else was expected.</summary>
internal static class Found
{
    private const int LongestQuoted = 40;

    public static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Quote(value.GetString()!),
        JsonValueKind.Number => Shorten(value.GetRawText()),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Null => "null",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => value.GetArrayLength() switch { 0 => "an empty list", 1 => "a list of one", var count => $"a list of {count}" },
        _ => "nothing",
    };

    public static string Quote(string text) => $"'{Shorten(text)}'";

    /// <summary>A number as JSON writes it.</summary>
    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>At most a line's worth of a text that a client sent.</summary>
    public static string Shorten(string text)
    {
        if (text.Length <= LongestQuoted) return text;
        int end = char.IsHighSurrogate(text[LongestQuoted - 1]) ? LongestQuoted - 1 : LongestQuoted;
        return text[..end] + "…";
    }
}
