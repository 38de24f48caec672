using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace SteeringServer.Tests.Fixtures;

/// <summary>
/// Outputs with parts left out, as documents print them. In JSON <c>"…"</c> stands for any value, as the last item of a list for any further ones, and as the member <c>"…": "…"</c> for any further
/// members. In text <c>…</c> stands for the rest of what is between its neighbours, and alone on a line for any lines.
/// </summary>
internal static class Elision
{
    private const string Mark = "…";
    private const int Width = 100;
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether an output is what a document prints.</summary>
    public static bool Allows(string language, string printed, string actual) => language == "json"
        ? Values(printed) is var expected && Shorten(expected, Values(actual)) is var shortened && expected.Count == shortened.Count && expected.Zip(shortened).All(pair => JsonNode.DeepEquals(pair.First, pair.Second))
        : Pattern(printed).IsMatch(actual);

    /// <summary>An output as a document should print it: without the parts that it leaves out now.</summary>
    public static string Print(string language, string printed, string actual) => language == "json" ? string.Join("\n", Shorten(Values(printed), Values(actual)).Select(value => Format(value, 0, 0))) + "\n"
        : Pattern(printed).IsMatch(actual) ? printed : actual.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";

    private static List<JsonNode?> Shorten(List<JsonNode?> printed, List<JsonNode?> actual) => [.. actual.Select((value, i) => Shorten(i < printed.Count ? printed[i] : null, value))];

    private static JsonNode? Shorten(JsonNode? printed, JsonNode? actual)
    {
        if (IsMark(printed)) return Mark;
        if (printed is JsonObject members && actual is JsonObject all)
        {
            bool isCut = members.ContainsKey(Mark);
            var kept = new JsonObject(all.Where(member => !isCut || members.ContainsKey(member.Key)).Select(member => KeyValuePair.Create(member.Key, Shorten(members[member.Key], member.Value))));
            if (isCut) kept[Mark] = Mark;
            return kept;
        }
        if (printed is JsonArray items && actual is JsonArray list)
        {
            bool isCut = items.Count > 0 && IsMark(items[^1]);
            var kept = list.Take(isCut ? items.Count - 1 : list.Count).Select((item, i) => Shorten(i < items.Count ? items[i] : null, item));
            return new JsonArray([.. isCut ? kept.Append(Mark) : kept]);
        }
        return actual?.DeepClone();
    }

    private static bool IsMark(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) && text == Mark;

    // One value after the other, as commands print them.
    private static List<JsonNode?> Values(string text)
    {
        var values = new List<JsonNode?>();
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), new JsonReaderOptions { AllowMultipleValues = true });
        while (reader.Read()) values.Add(JsonNode.Parse(ref reader));
        return values;
    }

    // On one line where it fits, else a member or item a line; numbers and texts fill lines.
    private static string Format(JsonNode? value, int indent, int column)
    {
        string line = OneLine(value), inner = new(' ', indent + 2), outer = new(' ', indent);
        if (indent + column + line.Length <= Width || value is not (JsonObject or JsonArray)) return line;
        if (value is JsonObject members)
            return $"{{\n{string.Join(",\n", members.Select(member => $"{inner}{OneLine(member.Key)}: {Format(member.Value, indent + 2, member.Key.Length + 4)}"))}\n{outer}}}";
        var items = (JsonArray)value;
        if (!items.All(item => item is null or JsonValue)) return $"[\n{string.Join(",\n", items.Select(item => inner + Format(item, indent + 2, 0)))}\n{outer}]";
        var lines = new List<string>();
        foreach (string item in items.Select(OneLine))
        {
            if (lines.Count > 0 && indent + lines[^1].Length + item.Length + 5 <= Width) lines[^1] += $", {item}";
            else lines.Add(item);
        }
        return $"[\n{string.Join(",\n", lines.Select(text => inner + text))}\n{outer}]";
    }

    private static string OneLine(JsonNode? value) => value switch
    {
        JsonObject members => $"{{{string.Join(", ", members.Select(member => $"{OneLine(member.Key)}: {OneLine(member.Value)}"))}}}",
        JsonArray items => $"[{string.Join(", ", items.Select(OneLine))}]",
        null => "null",
        _ => value.ToJsonString(Plain),
    };

    private static Regex Pattern(string printed)
    {
        var pattern = new StringBuilder("^");
        foreach (string line in printed.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
            pattern.Append(line == Mark ? "(?:.*\n)*?" : Regex.Escape(line.TrimEnd()).Replace(Mark, ".*", StringComparison.Ordinal) + "[ \r]*\n");
        return new Regex(pattern.Append("\\s*$").ToString(), RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));
    }
}
