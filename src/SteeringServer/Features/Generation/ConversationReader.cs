using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SteeringServer.Errors;
using SteeringServer.Requests;

namespace SteeringServer.Features.Generation;

/// <summary>Reads <c>messages</c>, <c>tools</c> and the template's variables. Messages reach the template as they were sent, except that lists of text parts become text.</summary>
internal static class ConversationReader
{
    private const int MostMessages = 4096;

    /// <param name="takesTools">Whether the model's template does anything with tools.</param>
    public static Conversation Read(JsonFields fields, bool takesTools) => new(
        ReadMessages(fields),
        ReadTools(fields, takesTools),
        ReadVariables(fields),
        fields.Bool("add_generation_prompt") ?? true);

    private static JsonArray ReadMessages(JsonFields fields)
    {
        var messages = new JsonArray();
        if (fields.Take("messages") is not { } value)
        {
            fields.Report("messages", "is missing; send a list such as [{\"role\": \"user\", \"content\": \"Hello\"}]");
        }
        else if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() is 0 or > MostMessages)
        {
            fields.Expected("messages", value, $"a list of 1 to {MostMessages} messages, such as [{{\"role\": \"user\", \"content\": \"Hello\"}}]");
        }
        else
        {
            int index = 0;
            foreach (var item in value.EnumerateArray()) messages.Add((JsonNode?)ReadMessage(item, $"messages[{index++}]", fields.Problems));
        }
        return messages;
    }

    private static JsonObject? ReadMessage(JsonElement item, string path, FieldProblems problems)
    {
        var message = new JsonFields(item, path, problems);
        if (item.ValueKind != JsonValueKind.Object) return null;
        string? role = message.String("role");
        if (!message.Has("role") || role is "") message.Report("role", "is missing; expected system, user or assistant");
        if (message.Has("audio") || message.Has("function_call"))
            message.Report(message.Has("audio") ? "audio" : "function_call", "is not supported by this server; leave it out", ErrorCode.Unsupported);
        var content = ReadContent(message);
        bool mayBeEmpty = message.Has("tool_calls") && role == "assistant";
        if (!message.Has("content") && !mayBeEmpty) message.Report("content", "is missing; send the message's text");

        // Nulls are what clients send for fields they do not use; templates test for the field.
        var sent = new JsonObject();
        foreach (var field in item.EnumerateObject())
        {
            if (field.Name == "content") sent["content"] = content;
            else if (field.Value.ValueKind != JsonValueKind.Null) sent[field.Name] = ToNode(field.Value);
        }
        return sent;
    }

    private static string? ReadContent(JsonFields message)
    {
        if (message.Take("content") is not { } value) return null;
        if (value.ValueKind == JsonValueKind.String) return value.GetString();
        if (value.ValueKind != JsonValueKind.Array)
        {
            message.Expected("content", value, "a string, or a list of {\"type\": \"text\", \"text\": \"...\"} parts");
            return null;
        }
        var text = new StringBuilder();
        message.List("content", (item, path) =>
        {
            var part = new JsonFields(item, path, message.Problems);
            string? type = part.String("type");
            if (type is not ("text" or null)) part.Report("type", $"found {Found.Quote(type)}; this server's models read text only", ErrorCode.Unsupported);
            else if (part.String("text") is { } piece) text.Append(piece);
            else if (!part.Has("text")) part.Report("text", "is missing");
            return (object?)null;
        }, "parts");
        return text.ToString();
    }

    private static JsonArray? ReadTools(JsonFields fields, bool takesTools)
    {
        string[] names = ["tools", "tool_choice"];
        if (fields.String("tool_choice") is not (null or "auto" or "none"))
            fields.Report("tool_choice", "only \"auto\" and \"none\" are supported by this server: it does not force tool calls", ErrorCode.Unsupported);
        if (fields.Take(names[0]) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array)
        {
            fields.Expected("tools", value, "a list of tools");
            return null;
        }
        if (value.GetArrayLength() == 0) return null;
        if (takesTools) return fields.String("tool_choice") == "none" ? null : (JsonArray)ToNode(value);
        fields.Report("tools", "this model's chat template has no place for tools; leave them out", ErrorCode.Unsupported);
        return null;
    }

    private static JsonObject? ReadVariables(JsonFields fields)
    {
        if (fields.Take("chat_template_kwargs") is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Object) return (JsonObject)ToNode(value);
        fields.Expected("chat_template_kwargs", value, "an object of template variables");
        return null;
    }

    // A copy: the document's memory goes back to the pool when the request has been parsed.
    private static JsonNode ToNode(JsonElement value) => JsonNode.Parse(value.GetRawText())!;
}
