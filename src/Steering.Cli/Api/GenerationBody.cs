using System.Text.Json.Nodes;

namespace Steering.Cli.Api;

/// <summary>Body of <c>POST /v1/completions</c> (with <see cref="Prompt"/>) and <c>POST /v1/chat/completions</c> (with <see cref="Messages"/>). Null members are not sent.</summary>
internal sealed record GenerationBody
{
    public string? Model { get; init; }
    public string? Prompt { get; init; }
    public IReadOnlyList<ChatMessage>? Messages { get; init; }

    /// <summary>The shorthand as a string, or the full form as an object.</summary>
    public JsonNode? Steering { get; init; }

    public double? Temperature { get; init; }
    public double? TopP { get; init; }
    public int? TopK { get; init; }
    public double? MinP { get; init; }
    public long? Seed { get; init; }
    public int? MaxTokens { get; init; }
    public IReadOnlyList<string>? Stop { get; init; }
    public bool Stream { get; init; }
}

/// <summary>One turn of a conversation; the role is system, user or assistant.</summary>
internal sealed record ChatMessage(string Role, string Content);
