using System.Collections.Immutable;
using System.Text.Json;
using SteeringServer.Features.Models;
using SteeringServer.Features.Steering;
using SteeringServer.Requests;

namespace SteeringServer.Features.Generation;

/// <summary>Reads the body of <c>POST /v1/completions</c>. A prompt is a string, a list of strings, a list of token ids, or a list of such lists.</summary>
internal static class CompletionRequestReader
{
    private const int MostLogprobs = 20;

    /// <param name="steeringHeader">The <c>X-Steering</c> header, null where absent.</param>
    public static CompletionRequest Read(JsonElement body, string? steeringHeader, ModelProfile model, FieldProblems problems)
    {
        var fields = new JsonFields(body, "", problems);
        var reference = ModelReference.Read(fields, model);
        var settings = SettingsReader.Read(fields, model.Defaults, model.VocabularySize, fields.String("model") ?? model.Name) with
        {
            Logprobs = ReadLogprobs(fields),
        };
        var prompts = ReadPrompts(fields, model.VocabularySize);
        if (prompts.Length * settings.Choices > model.MostSequences)
            fields.Report("prompt", $"{prompts.Length} prompts with n {settings.Choices} are {prompts.Length * settings.Choices} sequences; this server "
                + $"takes {model.MostSequences} at once: send fewer a request");
        bool echo = fields.Bool("echo") ?? false, addSpecial = fields.Bool("add_special_tokens") ?? true;
        var steering = SteeringSource.Read(fields.Take("steering"), steeringHeader, reference, model.Catalog, problems);
        fields.RefuseOthers("a completion request", "; steering goes under steering");
        return new CompletionRequest(settings, prompts, echo, addSpecial, steering);
    }

    private static int? ReadLogprobs(JsonFields fields)
    {
        // The chat route's form is a common mistake here.
        if (fields.Take("logprobs") is not { ValueKind: JsonValueKind.True or JsonValueKind.False } flag) return fields.Int("logprobs", 0, MostLogprobs);
        fields.Expected("logprobs", flag, $"a number of alternatives from 0 to {MostLogprobs} (true and false belong to chat completions)");
        return null;
    }

    private static ImmutableArray<CompletionPrompt> ReadPrompts(JsonFields fields, int vocabularySize)
    {
        if (fields.Take("prompt") is not { } value)
        {
            fields.Report("prompt", "is missing; send a string, a list of strings, token ids, or lists of token ids");
            return [];
        }
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return [new CompletionPrompt("prompt", value.GetString()!, [])];
            case JsonValueKind.Array when value.GetArrayLength() > 0 && value[0].ValueKind == JsonValueKind.Number:
                return [new CompletionPrompt("prompt", null, SettingsReader.ReadTokenIds(value, "prompt", vocabularySize, fields.Problems))];
            case JsonValueKind.Array when value.GetArrayLength() > 0:
                int index = 0;
                return [.. value.EnumerateArray().Select(item => ReadItem(item, $"prompt[{index++}]", vocabularySize, fields.Problems)).OfType<CompletionPrompt>()];
            default:
                fields.Expected("prompt", value, "a string, a list of strings, token ids, or lists of token ids");
                return [];
        }
    }

    private static CompletionPrompt? ReadItem(JsonElement item, string path, int vocabularySize, FieldProblems problems)
    {
        if (item.ValueKind == JsonValueKind.String) return new CompletionPrompt(path, item.GetString()!, []);
        if (item.ValueKind == JsonValueKind.Array && item.GetArrayLength() > 0)
            return new CompletionPrompt(path, null, SettingsReader.ReadTokenIds(item, path, vocabularySize, problems));
        problems.Add(path, $"found {Found.Describe(item)}; expected a string or a list of token ids");
        return null;
    }
}
