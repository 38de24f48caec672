using System.Collections.Immutable;
using Steering.Engine.Interventions;
using Steering.Engine.Vectors;
using SteeringServer.Errors;
using SteeringServer.Requests;

namespace SteeringServer.Features.Vectors;

/// <summary>Checks the fields of an upload that are the same whichever way it came: as a form, as JSON or as a gRPC stream.</summary>
internal static class VectorUploadFields
{
    private const int MostMetadata = 64, LongestMetadata = 8192, LongestKey = 255;

    /// <summary>The name that was given, else the file's name without its extension where that can be one.</summary>
    public static string? Name(string? given, string? fileName, FieldProblems problems)
    {
        string? name = given ?? (Path.GetFileNameWithoutExtension(fileName) is { } stem && VectorReference.IsName(stem) ? stem : null);
        if (name is null) problems.Add("name", $"is missing; name the vector with {VectorReference.NameRule}");
        else if (!VectorReference.IsName(name)) problems.Add("name", $"found {Found.Quote(name)}; expected {VectorReference.NameRule}");
        return name;
    }

    public static StrengthUnit? Unit(string? text, FieldProblems problems)
    {
        if (text is null) return null;
        if (SteeringNames.TryParse(text, out StrengthUnit unit)) return unit;
        problems.Add("unit", $"found {Found.Quote(text)}; expected one of {string.Join(", ", SteeringNames.Units)}{Nearest.Hint(text, SteeringNames.Units)}");
        return null;
    }

    /// <summary>Sites written as in requests, each with its field's path.</summary>
    public static ImmutableArray<SiteSelector> Sites(IEnumerable<(string Path, string Text)> texts, FieldProblems problems)
    {
        var sites = ImmutableArray.CreateBuilder<SiteSelector>();
        foreach (var (path, text) in texts)
        {
            if (SiteSelector.TryParse(text, out var selector)) sites.Add(selector);
            else problems.Add(path, $"found {Found.Quote(text)}; expected a site such as resid_post.4, norm_attn.2-5 or embed; the points are {string.Join(", ", Site.PointNames)}");
        }
        return sites.ToImmutable();
    }

    public static ImmutableArray<string> Aliases(IEnumerable<(string Path, string Text)> texts, FieldProblems problems)
    {
        var aliases = ImmutableArray.CreateBuilder<string>();
        foreach (var (path, text) in texts)
        {
            if (VectorAliases.CheckName(text, path, problems)) aliases.Add(text);
        }
        return [.. aliases.Distinct()];
    }

    public static ImmutableSortedDictionary<string, string> Metadata(IEnumerable<KeyValuePair<string, string>> pairs, FieldProblems problems)
    {
        var metadata = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in pairs)
        {
            if (VectorFile.IsField(key)) problems.Add($"metadata.{key}", "has a field of its own in the upload (unit, model_fingerprint, residual_norms); say it there");
            else if (key.Length is 0 or > 128 || value.Length > LongestMetadata) problems.Add("metadata", $"{Found.Quote(key)} has {key.Length} characters and its value {value.Length}; at most 128 and {LongestMetadata} are kept");
            else metadata[key] = value;
        }
        if (metadata.Count > MostMetadata) problems.Add("metadata", $"has {metadata.Count} entries; at most {MostMetadata} are kept");
        return metadata.ToImmutable();
    }

    /// <summary>The key of a request that may be repeated; null where it has none.</summary>
    /// <exception cref="ApiException">It is too long or not plain text.</exception>
    public static string? IdempotencyKey(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        if (text.Length <= LongestKey && text.All(letter => letter is > ' ' and <= '~')) return text;
        throw new ApiException(ApiError.Invalid($"Idempotency-Key: found {text.Length} characters; expected 1 to {LongestKey} letters, digits and marks, such as a UUID", "Idempotency-Key", ErrorCode.InvalidValue));
    }
}
