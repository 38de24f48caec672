namespace Steering.Cli.Api;

/// <summary><c>GET /v1/models</c>.</summary>
internal sealed record ModelListing(IReadOnlyList<ListedModel>? Data);

/// <summary>A model, or a model with a promoted vector (<c>base@vector</c>).</summary>
/// <param name="State">Of a model: <c>unloaded</c>, <c>loading</c>, <c>ready</c>, <c>draining</c>, <c>failed</c>.</param>
/// <param name="Error">Why the last load failed.</param>
/// <param name="Loading">The load that is under way.</param>
internal sealed record ListedModel(string Id, string? OwnedBy, string? State, string? Error, LoadingModel? Loading);

/// <summary>How far a load has come; the total is 0 until it is known.</summary>
internal sealed record LoadingModel(long DoneBytes, long TotalBytes);
