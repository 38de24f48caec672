using System.Collections.Immutable;

namespace SteeringServer.Features.Vectors;

/// <summary>A version that a registration led to.</summary>
/// <param name="Existing">The name had this content already: nothing new was made.</param>
/// <param name="IsReplay">The request had been answered before under the same idempotency key.</param>
internal sealed record Registration(CatalogEntry Entry, VectorReport Report, bool Existing, bool IsReplay);

/// <summary>What a registration would do.</summary>
/// <param name="WouldBe">The version it would become or is already; null where it would be refused.</param>
internal sealed record RegistrationPreview(string Name, VectorReport Report, int? WouldBe, bool Existing);

/// <summary>What is not served any more.</summary>
/// <param name="Aliases">Those that were removed.</param>
internal sealed record Archival(string Name, ImmutableArray<int> Versions, ImmutableArray<string> Aliases);
