namespace Steering.Cli.Api;

/// <summary><c>GET /v1/models</c>.</summary>
internal sealed record ModelListing(IReadOnlyList<ListedModel>? Data);

/// <summary>A model, or a model with a promoted vector (<c>base@vector</c>).</summary>
internal sealed record ListedModel(string Id, string? OwnedBy);
