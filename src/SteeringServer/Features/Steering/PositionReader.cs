using System.Collections.Immutable;
using System.Text.Json;
using Steering.Engine.Interventions;
using SteeringServer.Errors;
using SteeringServer.Requests;

namespace SteeringServer.Features.Steering;

/// <summary>Reads <c>apply</c>: one of <c>all, prompt, generated, decode</c>, or an object of phases, windows, spans, token ids and exclusions (docs/decisions.md 14).</summary>
internal static class PositionReader
{
    public static PositionRule Read(JsonFields fields)
    {
        if (fields.Take("apply") is not { } value) return PositionRule.Everywhere;
        if (value.ValueKind == JsonValueKind.String) return ReadWord(fields, value.GetString()!);
        if (value.ValueKind == JsonValueKind.Object) return ReadObject(new JsonFields(value, fields.PathOf("apply"), fields.Problems));
        fields.Expected("apply", value, "\"all\", \"prompt\", \"generated\", \"decode\", or an object");
        return PositionRule.Everywhere;
    }

    private static PositionRule ReadWord(JsonFields fields, string word)
    {
        switch (word)
        {
            case "all": return PositionRule.Everywhere;
            case "prompt": return new PositionRule { Generation = GenerationPhase.None };
            case "generated": return new PositionRule { Prompt = false };
            case "decode": return new PositionRule { Prompt = false, Generation = GenerationPhase.Decode };
            default:
                fields.Report("apply", $"found {Found.Quote(word)}; expected all, prompt, generated or decode (generated positions and the last of the "
                    + "prompt), or an object");
                return PositionRule.Everywhere;
        }
    }

    private static PositionRule ReadObject(JsonFields fields)
    {
        // Null could be taken for "none" as well as for "not said": it has to be said.
        foreach (string phase in new[] { "prompt", "generation" })
            if (fields.IsNull(phase)) fields.Report(phase, "found null; say \"all\" or \"none\"");
        string prompt = OneOf(fields, "prompt", "all", "none"), generation = OneOf(fields, "generation", "all", "none", "decode");
        var exclude = fields.List("exclude", (item, path) => ReadExclusion(item, path, fields.Problems), "names") ?? [];
        var rule = new PositionRule
        {
            Prompt = prompt == "all",
            Generation = generation switch { "none" => GenerationPhase.None, "decode" => GenerationPhase.Decode, _ => GenerationPhase.All },
            PromptWindow = fields.Take("prompt_window") is { } promptWindow ? ReadSpan(promptWindow, fields.PathOf("prompt_window"), fields.Problems) : null,
            GenerationWindow = fields.Take("generation_window") is { } generationWindow ? ReadSpan(generationWindow, fields.PathOf("generation_window"), fields.Problems) : null,
            Spans = ReadSpans(fields),
            Tokens = ReadTokens(fields),
            ExcludeBos = exclude.Contains("bos"),
            ExcludeTemplate = exclude.Contains("template"),
            ExcludeFirst = fields.Int("exclude_first", 0) ?? 0,
        };
        fields.RefuseOthers("apply", "; it takes prompt, generation, prompt_window, generation_window, spans, tokens, exclude and exclude_first");
        return rule;
    }

    private static string OneOf(JsonFields fields, string name, params ReadOnlySpan<string> words)
    {
        if (fields.String(name) is not { } word || words.Contains(word)) return fields.String(name) ?? words[0];
        fields.Report(name, $"found {Found.Quote(word)}; expected {string.Join(" or ", words.ToArray())}");
        return words[0];
    }

    private static ImmutableArray<(int Start, int? End)> ReadSpans(JsonFields fields)
    {
        if (fields.Take("spans") is not { } value) return [];
        if (value.ValueKind != JsonValueKind.Array)
        {
            fields.Expected("spans", value, "a list of [start, end) pairs");
            return [];
        }
        int index = 0;
        return [.. value.EnumerateArray().Select(item => ReadSpan(item, $"{fields.PathOf("spans")}[{index++}]", fields.Problems)).OfType<(int, int?)>()];
    }

    // [start, end): end null or absent reaches to the end.
    private static (int Start, int? End)? ReadSpan(JsonElement value, string path, FieldProblems problems)
    {
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() is 1 or 2 && JsonNumbers.TryInt(value[0], out int start))
        {
            if (value.GetArrayLength() == 1 || value[1].ValueKind == JsonValueKind.Null) return (start, null);
            if (JsonNumbers.TryInt(value[1], out int end)) return (start, end);
        }
        problems.Add(path, $"found {Found.Describe(value)}; expected [start, end] with whole numbers, end left out of the span, null for the end of the "
            + "text; in a prompt negative numbers count from its end");
        return null;
    }

    private static ImmutableArray<int> ReadTokens(JsonFields fields)
    {
        if (fields.Take("tokens") is not { } value) return [];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
        {
            fields.Expected("tokens", value, "a list of token ids (POST /tokenize gives them)");
            return [];
        }
        var ids = ImmutableArray.CreateBuilder<int>(value.GetArrayLength());
        int index = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (JsonNumbers.TryInt(item, out int id) && id >= 0) ids.Add(id);
            else fields.Report($"tokens[{index}]", $"found {Found.Describe(item)}; expected a token id");
            index++;
        }
        return ids.ToImmutable();
    }

    private static string? ReadExclusion(JsonElement item, string path, FieldProblems problems)
    {
        string? name = item.ValueKind == JsonValueKind.String ? item.GetString() : null;
        if (name is "bos" or "template") return name;
        if (name == "tool_calls") problems.Add(path, "tool_calls cannot be excluded: this server does not parse tool calls", ErrorCode.Unsupported);
        else problems.Add(path, $"found {Found.Describe(item)}; expected \"bos\" or \"template\"");
        return null;
    }
}
