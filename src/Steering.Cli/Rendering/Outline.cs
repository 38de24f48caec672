using System.Text.Json;

namespace Steering.Cli.Rendering;

/// <summary>A JSON document as an indented outline, so that a newer server's fields show without a newer client.</summary>
internal static class Outline
{
    public static void Write(TextWriter output, JsonElement value) => WriteMembers(output, value, "");

    private static void WriteMembers(TextWriter output, JsonElement value, string indent)
    {
        if (value.ValueKind is JsonValueKind.Object)
        {
            foreach (var member in value.EnumerateObject()) WriteMember(output, member.Name, member.Value, indent);
        }
        else if (value.ValueKind is JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray()) WriteMember(output, "-", item, indent);
        }
        else
        {
            output.WriteLine(indent + TerminalText.Escape(Plain.Text(value)));
        }
    }

    private static void WriteMember(TextWriter output, string name, JsonElement value, string indent)
    {
        string label = indent + TerminalText.Escape(name) + (name is "-" ? "" : ":");
        if (InOneLine(value) is { } text)
        {
            output.WriteLine($"{label} {TerminalText.Escape(text)}");
            return;
        }
        output.WriteLine(label);
        WriteMembers(output, value, indent + "  ");
    }

    /// <summary>Scalars and lists of scalars fit a line; sites among them are joined to ranges.</summary>
    private static string? InOneLine(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => null,
        JsonValueKind.Array when value.EnumerateArray().Any(item => item.ValueKind is JsonValueKind.Object or JsonValueKind.Array) => null,
        JsonValueKind.Array => Plain.Sites(value.EnumerateArray().Select(item => Plain.Text(item))),
        _ => Plain.Text(value),
    };
}
