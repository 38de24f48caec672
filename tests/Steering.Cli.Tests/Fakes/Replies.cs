using System.Text.Json;

namespace Steering.Cli.Tests.Fakes;

/// <summary>Answers in the documented shapes.</summary>
internal static class Replies
{
    public const string Receipt = """
        {"applied":[{"vector":"mood-sorrowful","version":1,"sha256":"ab12","strength":2,"unit":"raw",
        "sites":["resid_post.2","resid_post.3","resid_post.4","resid_post.5","resid_post.6"],"op":"add","prompt_tokens_steered":12,"generated_tokens_steered":63}],"warnings":[]}
        """;

    public static string Error(string message, string? param, string? code) =>
        $$$"""{"error":{"message":{{{Quote(message)}}},"type":"invalid_request_error","param":{{{Quote(param)}}},"code":{{{Quote(code)}}}}}""";

    public static string Whole(string path, string text, string? receipt)
    {
        string choice = IsChat(path) ? $$"""{"index":0,"message":{"role":"assistant","content":{{Quote(text)}},"refusal":null},"logprobs":null,"finish_reason":"stop"}"""
            : $$"""{"index":0,"text":{{Quote(text)}},"logprobs":null,"finish_reason":"stop"}""";
        return $$"""{"id":"x-1","object":"{{(IsChat(path) ? "chat.completion" : "text_completion")}}","created":1,"model":"storyworld","choices":[{{choice}}]{{Member(receipt)}}}""";
    }

    /// <summary>A chunk that carries text, or with a finish reason the last one.</summary>
    public static string Chunk(string path, string text, string? finish = null, string? receipt = null)
    {
        string content = IsChat(path) ? $"\"delta\":{(finish is null ? $$"""{"content":{{Quote(text)}}}""" : "{}")}" : $"\"text\":{Quote(text)}";
        return $$"""{"id":"x-1","created":1,"model":"storyworld","choices":[{"index":0,{{content}},"finish_reason":{{Quote(finish)}}}]{{Member(receipt)}}}""";
    }

    public static async Task StreamAsync(FakeConnection connection, string path, string[] pieces, string? receipt)
    {
        await connection.BeginStreamAsync();
        if (IsChat(path)) await connection.EventAsync("""{"id":"x-1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""");
        await connection.WriteAsync(": heartbeat\n\n");
        foreach (string piece in pieces) await connection.EventAsync(Chunk(path, piece));
        await connection.EventAsync(Chunk(path, "", "stop", receipt));
        await connection.EventAsync("[DONE]");
    }

    private static bool IsChat(string path) => path.Contains("chat", StringComparison.Ordinal);

    private static string Member(string? receipt) => receipt is null ? "" : $",\"steering\":{receipt.ReplaceLineEndings("")}";

    private static string Quote(string? text) => text is null ? "null" : JsonSerializer.Serialize(text);
}
