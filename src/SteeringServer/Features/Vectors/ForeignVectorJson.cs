using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using SteeringServer.Requests;

namespace SteeringServer.Features.Vectors;

/// <summary>Arrays with the names that a file of another project gives them.</summary>
/// <param name="Convention">What the file's kind says the names mean; null: to be recognised.</param>
/// <param name="Metadata">What else it says.</param>
internal sealed record VectorUploadArrays(string FileName, ImmutableArray<KeyValuePair<string, float[]>> Arrays, string? Convention, ImmutableSortedDictionary<string, string> Metadata);

/// <summary>
/// JSON files of vectors that other projects write: IBM activation-steering's <c>.svec</c> (<c>{"model_type", "directions": {"4": [...]}, "explained_variances"}</c>) and
/// Neuronpedia's vectors (<c>{"modelId", "layerNumber", "hookType": "resid-post", "vector": [...]}</c>).
/// </summary>
internal static class ForeignVectorJson
{
    private const string Cast = "cast", NoNumbers = "expected numbers, finite as f32";

    /// <summary>Null where the file is none of them.</summary>
    public static VectorUploadArrays? Read(JsonElement root, string fileName, FieldProblems problems)
    {
        if (root.TryGetProperty("directions", out var directions) && directions.ValueKind == JsonValueKind.Object)
            return new VectorUploadArrays(fileName, [.. directions.EnumerateObject().Select(item => Array(item.Name, item.Value, $"directions.{item.Name}", problems))], Cast, Metadata(root, ("model_type", "model")));
        if (!root.TryGetProperty("hookType", out var hook) || !root.TryGetProperty("vector", out var vector)) return null;
        int block = root.TryGetProperty("layerNumber", out var layer) && JsonNumbers.TryInt(layer, out int number) ? number : -1;
        string? name = hook.ValueKind != JsonValueKind.String ? null : hook.GetString() switch { "resid-pre" => "hook_resid_pre", "resid-post" => "hook_resid_post", _ => null };
        if (name is null) problems.Add("hookType", $"found {Found.Describe(hook)}; expected resid-pre or resid-post");
        if (block < 0) problems.Add("layerNumber", "expected the number of a block, counted from 0");
        return new VectorUploadArrays(fileName, [Array(string.Create(CultureInfo.InvariantCulture, $"blocks.{Math.Max(block, 0)}.{name ?? "hook_resid_post"}"), vector, "vector", problems)], null, Metadata(root, ("modelId", "model"), ("vectorLabel", "label")));
    }

    private static KeyValuePair<string, float[]> Array(string name, JsonElement value, string path, FieldProblems problems)
    {
        float[] values = [];
        bool isList = value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0;
        if (isList) values = [.. value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetDouble(out double number) ? (float)number : float.NaN)];
        int bad = System.Array.FindIndex(values, number => !float.IsFinite(number));
        if (!isList) problems.Add(path, $"found {Found.Describe(value)}; expected a list of numbers");
        else if (bad >= 0) problems.Add($"{path}[{bad}]", $"found {Found.Describe(value[bad])}; {NoNumbers}");
        return KeyValuePair.Create(name, values);
    }

    private static ImmutableSortedDictionary<string, string> Metadata(JsonElement root, params ReadOnlySpan<(string Theirs, string Ours)> fields)
    {
        var metadata = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (theirs, ours) in fields)
            if (root.TryGetProperty(theirs, out var value) && value.ValueKind == JsonValueKind.String) metadata[ours] = value.GetString()!;
        return metadata.ToImmutable();
    }
}
