using System.Text.Json;

namespace Steering.Cli.Api;

/// <summary>OpenAI's error shape. The code is a string here and a number in some other servers, so it is kept as it came.</summary>
internal sealed record ApiError
{
    public string Message { get; init; } = "";
    public string? Type { get; init; }
    public string? Param { get; init; }
    public JsonElement? Code { get; init; }
}

/// <summary>The envelope of an error response.</summary>
internal sealed record ApiErrorBody(ApiError? Error);
