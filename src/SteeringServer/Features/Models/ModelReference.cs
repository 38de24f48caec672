using System.Text.Json;
using SteeringServer.Errors;
using SteeringServer.Features.Steering;
using SteeringServer.Features.Vectors;
using SteeringServer.Requests;

namespace SteeringServer.Features.Models;

/// <summary>
/// A request's <c>model</c>: one of the models, alone or with a steering vector (<c>base@vector[@version][:strength]</c>), which every client can send unchanged.
/// </summary>
/// <param name="Vector">Reference of the vector, null for the model alone.</param>
/// <param name="Strength">Null: 1.</param>
internal sealed record ModelReference(string? Vector = null, double? Strength = null)
{
    /// <summary>What a body says in <c>model</c>, for choosing whose request it is; null where it says nothing readable, which <see cref="Read"/> reports.</summary>
    public static string? In(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty("model", out var model) && model.ValueKind == JsonValueKind.String ? model.GetString() : null;

    /// <summary>Reads the field of a request; absent means the model at hand.</summary>
    public static ModelReference Read(JsonFields fields, ModelProfile model)
    {
        string loaded = model.Name;
        if (fields.String("model") is not { } text || text == loaded) return new ModelReference();
        if (text.StartsWith(loaded + "@", StringComparison.Ordinal)) return ReadSuffix(fields, text[(loaded.Length + 1)..]);
        fields.Report("model", $"there is no model {Found.Quote(text)}; this server serves {string.Join(", ", model.Names.Select(Found.Quote))}, alone or with a vector: "
            + $"'{loaded}@vector:strength'; GET /v1/models lists them", ErrorCode.ModelNotFound);
        return new ModelReference();
    }

    // vector[@selector][:strength], where a selector may be sha256:hex
    private static ModelReference ReadSuffix(JsonFields fields, string suffix)
    {
        int hash = suffix.IndexOf('@' + VectorReference.HashPrefix, StringComparison.Ordinal);
        int colon = suffix.IndexOf(':', hash < 0 ? 0 : hash + 1 + VectorReference.HashPrefix.Length);
        if (colon < 0) return new ModelReference(suffix);
        if (SteeringShorthand.TryStrength(suffix[(colon + 1)..], out double strength)) return new ModelReference(suffix[..colon], strength);
        fields.Report("model", $"found {Found.Quote(suffix[(colon + 1)..])} after the colon; expected a strength: model@vector:0.5");
        return new ModelReference();
    }
}
