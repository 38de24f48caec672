using System.Text.Json.Nodes;

namespace Steering.Cli.Api;

/// <summary><c>GET /v1/vectors/{name}/aliases</c>.</summary>
internal sealed record AliasListing(IReadOnlyList<VectorAlias>? Data);

/// <summary>A name for one version of a vector, which can be moved.</summary>
/// <param name="Previous">What a rollback goes back to; null: nothing.</param>
/// <param name="Revision">Goes up with every change.</param>
/// <param name="Changed">Unix seconds.</param>
internal sealed record VectorAlias(string? Vector, string? Alias, int? Version, int? Previous, int? Revision, long? Changed);

/// <summary>Body of <c>:promote</c> and, without a version, of <c>:rollback</c>.</summary>
/// <param name="Version">A number, or the name of an alias.</param>
internal sealed record AliasMove(JsonNode? Version, string Alias);

/// <summary>The answer to an archiving: what is no longer served.</summary>
internal sealed record ArchivedVector(string? Name, IReadOnlyList<int>? Versions, IReadOnlyList<string>? Aliases);
