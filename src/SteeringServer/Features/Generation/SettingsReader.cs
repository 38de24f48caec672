using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Steering.Engine.Generation;
using Steering.Engine.Loading;
using SteeringServer.Errors;
using SteeringServer.Requests;

namespace SteeringServer.Features.Generation;

/// <summary>Reads the fields that both generation routes take. Ranges are OpenAI's; defaults come from the model's generation_config.json (docs/decisions.md 24).</summary>
internal static class SettingsReader
{
    private const int MostChoices = 128;
    private const int MostStopStrings = 16;
    private const int LongestStopString = 1024;
    private const int MostBiases = 1024;

    /// <summary>Accepted and without effect: they are about accounts, storage and caching at OpenAI.</summary>
    private static readonly string[] Ignored = ["user", "metadata", "store", "service_tier", "parallel_tool_calls", "safety_identifier", "prompt_cache_key"];

    /// <param name="fields">The body.</param>
    /// <param name="defaults">What the model's authors chose.</param>
    /// <param name="vocabularySize">Token ids are below it.</param>
    /// <param name="model">The name to answer with.</param>
    public static GenerationSettings Read(JsonFields fields, GenerationDefaults defaults, int vocabularySize, string model)
    {
        bool stream = fields.Bool("stream") ?? false;
        RefuseUnsupported(fields);
        foreach (string name in Ignored) fields.Take(name);
        var (maxTokens, maxTokensField) = ReadMaxTokens(fields);
        int minTokens = fields.Int("min_tokens", 0) ?? 0;
        if (minTokens > maxTokens) fields.Report("min_tokens", $"found {minTokens}, which is more than {maxTokensField} {maxTokens}");
        return new GenerationSettings
        {
            Model = model,
            Stream = stream,
            IncludeUsage = ReadStreamOptions(fields, stream),
            Choices = fields.Int("n", 1, MostChoices) ?? 1,
            MaxTokens = maxTokens,
            MaxTokensField = maxTokensField,
            MinTokens = minTokens,
            IgnoreEos = fields.Bool("ignore_eos") ?? false,
            Stop = ReadStop(fields),
            StopTokens = ReadTokenIds(fields, "stop_token_ids", vocabularySize),
            ParseSpecial = fields.Bool("parse_special"),
            Sampling = new SamplingParameters
            {
                Temperature = fields.Number("temperature", 0, 2) ?? defaults.Temperature ?? 1,
                TopP = fields.Number("top_p", 0, 1) ?? defaults.TopP ?? 1,
                TopK = ReadTopK(fields) ?? defaults.TopK ?? 0,
                MinP = fields.Number("min_p", 0, 1) ?? defaults.MinP ?? 0,
                FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? 0,
                PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? 0,
                RepetitionPenalty = fields.Number("repetition_penalty", 0.01, 100) ?? defaults.RepetitionPenalty ?? 1,
                LogitBias = ReadLogitBias(fields, vocabularySize),
                Seed = ReadSeed(fields),
            },
        };
    }

    // vLLM's clients say -1 for "all".
    private static int? ReadTopK(JsonFields fields) => fields.Int("top_k", -1) is { } k ? Math.Max(k, 0) : null;

    private static (int? MaxTokens, string Field) ReadMaxTokens(JsonFields fields)
    {
        int? old = fields.Int("max_tokens", 0), current = fields.Int("max_completion_tokens", 0);
        if (old is not null && current is not null && old != current)
            fields.Report("max_tokens", $"max_tokens {old} and max_completion_tokens {current} differ; they mean the same: send one");
        return (current ?? old, current is not null ? "max_completion_tokens" : "max_tokens");
    }

    private static bool ReadStreamOptions(JsonFields fields, bool stream)
    {
        if (fields.Take("stream_options") is not { } value) return false;
        if (!stream) fields.Report("stream_options", "applies to streamed answers only; set stream to true or leave it out");
        var options = new JsonFields(value, "stream_options", fields.Problems);
        bool includeUsage = options.Bool("include_usage") ?? false;
        options.Bool("include_obfuscation"); // padding against traffic analysis: without effect here
        options.RefuseOthers("stream_options");
        return includeUsage;
    }

    private static ImmutableArray<string> ReadStop(JsonFields fields)
    {
        if (fields.Take("stop") is not { } value) return [];
        var stops = value.ValueKind == JsonValueKind.String ? [value.GetString()!]
            : fields.List("stop", (item, path) => ReadStopString(item, path, fields.Problems), "strings") ?? [];
        if (stops.Count > MostStopStrings) fields.Report("stop", $"found {stops.Count} strings; at most {MostStopStrings} are taken");
        if (stops.Exists(stop => stop.Length > LongestStopString)) fields.Report("stop", $"a stop string may have {LongestStopString} characters");
        return [.. stops.Where(stop => stop.Length > 0).Distinct()]; // an empty one would stop before the first token; clients send it for "none"
    }

    private static string? ReadStopString(JsonElement item, string path, FieldProblems problems)
    {
        if (item.ValueKind == JsonValueKind.String) return item.GetString();
        problems.Add(path, $"found {Found.Describe(item)}; expected a string");
        return null;
    }

    /// <summary>A list of token ids of the vocabulary; empty where absent.</summary>
    public static ImmutableArray<int> ReadTokenIds(JsonFields fields, string name, int vocabularySize)
    {
        if (fields.Take(name) is not { } value) return [];
        if (value.ValueKind == JsonValueKind.Array) return ReadTokenIds(value, fields.PathOf(name), vocabularySize, fields.Problems);
        fields.Expected(name, value, "a list of token ids");
        return [];
    }

    public static ImmutableArray<int> ReadTokenIds(JsonElement list, string path, int vocabularySize, FieldProblems problems)
    {
        var ids = ImmutableArray.CreateBuilder<int>(list.GetArrayLength());
        int index = 0;
        foreach (var item in list.EnumerateArray())
        {
            if (JsonNumbers.TryInt(item, out int id) && id >= 0 && id < vocabularySize) ids.Add(id);
            else
            {
                problems.Add($"{path}[{index}]", $"found {Found.Describe(item)}; expected a token id from 0 to {vocabularySize - 1}");
                break;
            }
            index++;
        }
        return ids.ToImmutable();
    }

    private static ImmutableSortedDictionary<int, float> ReadLogitBias(JsonFields fields, int vocabularySize)
    {
        if (fields.Take("logit_bias") is not { } value) return ImmutableSortedDictionary<int, float>.Empty;
        if (value.ValueKind != JsonValueKind.Object)
        {
            fields.Expected("logit_bias", value, "an object from token ids to numbers: {\"42\": -100}");
            return ImmutableSortedDictionary<int, float>.Empty;
        }
        var biases = ImmutableSortedDictionary.CreateBuilder<int, float>();
        foreach (var field in value.EnumerateObject())
        {
            string path = $"logit_bias.{field.Name}";
            if (!int.TryParse(field.Name, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int id) || id >= vocabularySize)
                fields.Problems.Add("logit_bias", $"found the key {Found.Quote(field.Name)}; expected a token id from 0 to {vocabularySize - 1} (POST "
                    + "/tokenize gives them)");
            else if (field.Value.ValueKind != JsonValueKind.Number || !field.Value.TryGetDouble(out double bias) || bias is not (>= -100 and <= 100))
                fields.Problems.Add(path, $"found {Found.Describe(field.Value)}; expected a number from -100 to 100");
            else biases[id] = (float)bias;
        }
        if (biases.Count > MostBiases) fields.Report("logit_bias", $"found {biases.Count} tokens; at most {MostBiases} are taken");
        return biases.ToImmutable();
    }

    // Without a seed each request draws its own; 53 bits, so that every client can send it back.
    private static ulong ReadSeed(JsonFields fields)
    {
        if (fields.Take("seed") is { } value)
        {
            if (JsonNumbers.TryLong(value, out long seed)) return unchecked((ulong)seed);
            fields.Expected("seed", value, "a whole number");
        }
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt64(bytes) >> 11;
    }

    private static void RefuseUnsupported(JsonFields fields)
    {
        foreach (string name in new[] { "audio", "functions", "function_call", "modalities" })
            if (fields.Has(name)) fields.Report(name, "is not supported by this server; leave it out", ErrorCode.Unsupported);
        if (fields.Int("best_of", 1) is > 1) fields.Report("best_of", "is not supported by this server; ask for n choices and pick the best by "
            + "logprobs", ErrorCode.Unsupported);
        if (fields.Has("suffix")) fields.Report("suffix", "is not supported by this server: its models do not fill in the middle", ErrorCode.Unsupported);
        if (fields.Take("response_format") is not { } format) return;
        bool isText = format.ValueKind == JsonValueKind.Object && format.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("text");
        if (!isText) fields.Report("response_format", "only {\"type\": \"text\"} is supported by this server: it has no grammars; leave it out", ErrorCode.Unsupported);
    }
}
