using System.Text.Json.Nodes;

namespace Steering.Cli.Api;

/// <summary>Body of <c>POST /v1/attributions</c>. Null members are not sent; the server has defaults and checks the ranges.</summary>
internal sealed record AttributionBody
{
    public string? Model { get; init; }
    public string? Prompt { get; init; }
    public IReadOnlyList<ChatMessage>? Messages { get; init; }
    public required string Answer { get; init; }
    public string? Contrast { get; init; }
    public string? Method { get; init; }
    public string? Baseline { get; init; }
    public string? Rule { get; init; }
    public int? Points { get; init; }
    public int? Budget { get; init; }
    public double? Tolerance { get; init; }

    /// <summary>The shorthand as a string, or the full form as an object.</summary>
    public JsonNode? Steering { get; init; }
}

/// <summary>What each token has to do with an answer.</summary>
internal sealed record AttributionReply
{
    public double? Value { get; init; }
    public double? BaselineValue { get; init; }
    public double? Sum { get; init; }
    public double? CompletenessError { get; init; }
    public IReadOnlyList<AttributedSide>? Sides { get; init; }
    public IReadOnlyList<string>? Warnings { get; init; }
}

/// <summary>The answer, or the contrast, which counts negatively.</summary>
internal sealed record AttributedSide
{
    public string? Side { get; init; }
    public int? Gradients { get; init; }
    public bool? WithinTolerance { get; init; }
    public IReadOnlyList<AttributedToken>? Tokens { get; init; }
}

internal sealed record AttributedToken(string Token, string Part, double Score);
