using System.Text.Json.Serialization;

namespace Steering.Cli.Api;

/// <summary>Serializers of everything on the wire, generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GenerationBody))]
[JsonSerializable(typeof(GenerationReply))]
[JsonSerializable(typeof(AttributionBody))]
[JsonSerializable(typeof(AttributionReply))]
[JsonSerializable(typeof(ExtractionBody))]
[JsonSerializable(typeof(LongRunningOperation))]
[JsonSerializable(typeof(OperationListing))]
[JsonSerializable(typeof(DatasetBody))]
[JsonSerializable(typeof(StoredDataset))]
[JsonSerializable(typeof(DatasetListing))]
[JsonSerializable(typeof(ApiErrorBody))]
[JsonSerializable(typeof(ModelListing))]
[JsonSerializable(typeof(ListedModel))]
[JsonSerializable(typeof(VectorListing))]
[JsonSerializable(typeof(StoredVector))]
[JsonSerializable(typeof(ImportReport))]
[JsonSerializable(typeof(UploadPreview))]
[JsonSerializable(typeof(AliasListing))]
[JsonSerializable(typeof(AliasMove))]
[JsonSerializable(typeof(ArchivedVector))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(System.Text.Json.JsonElement))]
internal sealed partial class WireJson : JsonSerializerContext;
