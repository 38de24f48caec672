using System.Text.Json;
using Steering.Engine.Attribution;
using SteeringServer.Features.Generation;

namespace SteeringServer.Features.Attribution;

/// <summary>Writes attributions as JSON.</summary>
internal static class AttributionWriter
{
    public static void Write(Utf8JsonWriter json, AttributionMap map, TokenNames names)
    {
        var options = map.Request.Options;
        json.WriteStartObject();
        json.WriteString("object"u8, "attribution"u8);
        json.WriteString("model"u8, map.Model);
        json.WriteString("system_fingerprint"u8, map.SystemFingerprint);
        json.WriteString("method"u8, Word(AttributionRequestReader.Methods, options.Method));
        json.WriteString("baseline"u8, Word(AttributionRequestReader.Baselines, options.Baseline));
        json.WriteString("rule"u8, Word(AttributionRequestReader.Rules, options.Rule));
        json.WriteString("objective"u8, Word(AttributionRequestReader.Objectives, map.Request.LastTokenOnly));
        WriteSums(json, map.Value, map.BaselineValue, map.Sum);
        json.WriteStartArray("sides"u8);
        foreach (var side in map.Sides) WriteSide(json, side, names);
        json.WriteEndArray();
        json.WriteStartArray("warnings"u8);
        foreach (string warning in map.Warnings) json.WriteStringValue(warning);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>How far attributions are.</summary>
    public static void WriteProgress(Utf8JsonWriter json, AttributionProgress progress)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "attribution.progress"u8);
        json.WriteNumber("done"u8, progress.Done);
        json.WriteNumber("expected"u8, progress.Expected);
        json.WriteEndObject();
    }

    private static void WriteSide(Utf8JsonWriter json, AttributionSide side, TokenNames names)
    {
        json.WriteStartObject();
        json.WriteString("side"u8, side.Name);
        WriteSums(json, side.Result.Value, side.Result.BaselineValue, side.Result.Sum);
        json.WriteNumber("gradients"u8, side.Result.Gradients);
        if (side.Result.IsWithinTolerance is { } within) json.WriteBoolean("within_tolerance"u8, within);
        else json.WriteNull("within_tolerance"u8);
        json.WriteStartArray("tokens"u8);
        for (int i = 0; i < side.Tokens.Length; i++)
        {
            json.WriteStartObject();
            json.WriteString("token"u8, names.Of(side.Tokens[i]));
            json.WriteNumber("id"u8, side.Tokens[i]);
            json.WriteString("part"u8, i < side.PromptLength ? "prompt"u8 : "answer"u8);
            json.WriteNumber("score"u8, side.Result.Scores[i]);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The objective at both ends, the sum of the scores, and how far it is from their difference; null where the method has no baseline.</summary>
    private static void WriteSums(Utf8JsonWriter json, double value, double baseline, double sum)
    {
        json.WriteNumber("value"u8, value);
        WriteNumberOrNull(json, "baseline_value"u8, baseline);
        json.WriteNumber("sum"u8, sum);
        WriteNumberOrNull(json, "completeness_error"u8, sum - (value - baseline));
    }

    private static void WriteNumberOrNull(Utf8JsonWriter json, ReadOnlySpan<byte> name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }

    private static string Word<T>(IReadOnlyDictionary<string, T> words, T value) => words.First(word => EqualityComparer<T>.Default.Equals(word.Value, value)).Key;
}
