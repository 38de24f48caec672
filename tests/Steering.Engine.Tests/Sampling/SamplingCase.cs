using System.Collections.Immutable;
using System.Text.Json;
using Steering.Engine.Generation;
using Steering.Engine.Sampling;
using Steering.Tests;

namespace Steering.Engine.Tests.Sampling;

/// <summary>A case of tests/Golden/sampling/cases.json: logits, parameters, and the distribution that transformers' warpers make of them.</summary>
internal sealed record SamplingCase(string Name, float[] Logits, int[] Prompt, int[] Generated, SamplingParameters Parameters, double[] Probabilities, int[] Kept)
{
    public static ImmutableArray<SamplingCase> All { get; } = Read();

    public TokenCounts Counts()
    {
        var counts = new TokenCounts(Prompt, Generated.Length);
        foreach (int token in Generated) counts.Add(token);
        return counts;
    }

    private static ImmutableArray<SamplingCase> Read()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Repository.PathTo("tests", "Golden", "sampling", "cases.json")));
        return [.. file.RootElement.GetProperty("cases").EnumerateArray().Select(item => new SamplingCase(
            item.GetProperty("name").GetString()!,
            item.GetProperty("logits").Deserialize<float[]>()!,
            item.GetProperty("prompt").Deserialize<int[]>()!,
            item.GetProperty("generated").Deserialize<int[]>()!,
            ReadParameters(item.GetProperty("parameters")),
            item.GetProperty("probabilities").Deserialize<double[]>()!,
            item.GetProperty("kept").Deserialize<int[]>()!))];
    }

    private static SamplingParameters ReadParameters(JsonElement json)
    {
        var parameters = new SamplingParameters();
        foreach (var field in json.EnumerateObject())
        {
            parameters = field.Name switch
            {
                "temperature" => parameters with { Temperature = field.Value.GetDouble() },
                "top_k" => parameters with { TopK = field.Value.GetInt32() },
                "top_p" => parameters with { TopP = field.Value.GetDouble() },
                "min_p" => parameters with { MinP = field.Value.GetDouble() },
                "frequency_penalty" => parameters with { FrequencyPenalty = field.Value.GetDouble() },
                "presence_penalty" => parameters with { PresencePenalty = field.Value.GetDouble() },
                "repetition_penalty" => parameters with { RepetitionPenalty = field.Value.GetDouble() },
                "logit_bias" => parameters with { LogitBias = field.Value.Deserialize<Dictionary<int, float>>()!.ToImmutableSortedDictionary() },
                _ => throw new InvalidOperationException($"unknown parameter {field.Name}"),
            };
        }
        return parameters;
    }
}
