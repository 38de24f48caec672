using System.Text.Json.Nodes;

namespace Steering.Engine.Templates;

/// <summary>Four private-use characters that occur nowhere in a conversation: the start of a piece, its end, and the digits of its number.</summary>
internal sealed record SpanMarks(char Start, char End, char Zero, char One)
{
    public static SpanMarks? TryCreate(string renderedText, TemplateInput input)
    {
        string[] texts = [renderedText, .. Contents(input.Messages)];
        char[] free = [.. Enumerable.Range(0xE000, 0x1900).Select(c => (char)c).Where(c => !texts.Any(t => t.Contains(c))).Take(4)];
        return free.Length == 4 ? new SpanMarks(free[0], free[1], free[2], free[3]) : null;
    }

    public bool Contains(char c) => c == Start || c == End || c == Zero || c == One;

    public string Open(int number)
    {
        string bits = Convert.ToString(number, 2).Replace('0', Zero).Replace('1', One);
        return Start + bits;
    }

    private static IEnumerable<string> Contents(JsonNode? node) => node switch
    {
        JsonArray array => array.SelectMany(Contents),
        JsonObject members => members.SelectMany(m => Contents(m.Value).Prepend(m.Key)),
        JsonValue value when value.TryGetValue(out string? text) => [text],
        _ => [],
    };
}
