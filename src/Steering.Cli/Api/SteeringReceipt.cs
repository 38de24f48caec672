using System.Text.Json;

namespace Steering.Cli.Api;

/// <summary>What the server applied, at the root of an answer.</summary>
internal sealed record SteeringReceipt
{
    public IReadOnlyList<AppliedVector>? Applied { get; init; }
    public IReadOnlyList<JsonElement>? Warnings { get; init; }
}

/// <summary>One vector of the receipt. A version is a number or a name.</summary>
internal sealed record AppliedVector
{
    public string? Vector { get; init; }
    public JsonElement? Version { get; init; }
    public double? Strength { get; init; }
    public string? Unit { get; init; }
    public IReadOnlyList<string>? Sites { get; init; }
    public int? PromptTokensSteered { get; init; }
    public int? GeneratedTokensSteered { get; init; }
}
