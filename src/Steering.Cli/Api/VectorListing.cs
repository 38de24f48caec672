using System.Text.Json;

namespace Steering.Cli.Api;

/// <summary><c>GET /v1/vectors</c>.</summary>
internal sealed record VectorListing(IReadOnlyList<ListedVector>? Data);

/// <summary>A steering vector in the server's store. A version is a number or a name.</summary>
internal sealed record ListedVector
{
    public string? Name { get; init; }
    public string? Id { get; init; }
    public JsonElement? Version { get; init; }
    public string? Unit { get; init; }
    public string? Method { get; init; }
    public IReadOnlyList<string>? Sites { get; init; }
}
