using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Steering.Cli.Recipes;

/// <summary>The request's <c>steering</c> field.</summary>
/// <param name="Wire">A string (the shorthand, read by the server) or the full form as an object.</param>
/// <param name="Label">How a heading names it.</param>
internal sealed record SteeringRecipe(JsonNode Wire, string Label)
{
    /// <summary>Puts the options together; null when none was given.</summary>
    /// <exception cref="UsageException">A part cannot be read, or parts contradict.</exception>
    public static SteeringRecipe? From(string? steer, IReadOnlyList<string> vectors, string? apply)
    {
        if (string.IsNullOrWhiteSpace(steer) && vectors.Count == 0)
            return apply is null ? null : throw new UsageException("--apply says which tokens are steered, but neither --steer nor --vector says by what.");
        if (steer?.TrimStart().StartsWith('{') is true)
        {
            if (vectors.Count > 0 || apply is not null) throw new UsageException("--steer with a JSON object is the whole recipe; leave out --vector and --apply.");
            return new SteeringRecipe(Object(steer, "--steer"), "by a JSON recipe");
        }
        // Alone, the shorthand goes to the server as it is: its grammar is the server's to decide.
        if (!string.IsNullOrWhiteSpace(steer) && vectors.Count == 0 && apply is null) return new SteeringRecipe(JsonValue.Create(steer), steer.Trim());
        List<VectorTerm> terms = [.. string.IsNullOrWhiteSpace(steer) ? [] : VectorTerm.ParseShorthand(steer), .. vectors.Select(VectorTerm.Parse)];
        var use = new JsonArray([.. terms.Select(term => Use(term, apply))]);
        return new SteeringRecipe(new JsonObject { ["use"] = use }, string.Join(" + ", terms.Select(Name)));
    }

    private static JsonObject Use(VectorTerm term, string? apply)
    {
        var use = new JsonObject { ["vector"] = term.Reference };
        if (term.Strength is { } strength) use["strength"] = strength;
        if (Positions(apply) is { } positions) use["apply"] = positions;
        return use;
    }

    private static JsonObject? Positions(string? apply) => apply switch
    {
        null or "all" => null,
        "prompt" => new JsonObject { ["prompt"] = "all", ["generation"] = null },
        "generated" => new JsonObject { ["prompt"] = null, ["generation"] = "all" },
        "decode" => new JsonObject { ["prompt"] = null, ["generation"] = "decode" },
        _ when apply.TrimStart().StartsWith('{') => Object(apply, "--apply"),
        _ => throw new UsageException($"--apply: '{apply}' is not one of all, prompt, generated, decode, and not a JSON object."),
    };

    private static JsonObject Object(string json, string option)
    {
        try
        {
            return JsonNode.Parse(json)!.AsObject();
        }
        catch (JsonException problem)
        {
            throw new UsageException($"{option}: the JSON object cannot be read: {problem.Message}");
        }
    }

    private static string Name(VectorTerm term) =>
        term.Strength is { } strength ? string.Create(CultureInfo.InvariantCulture, $"{strength} {term.Reference}") : term.Reference;
}
