using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SteeringServer.Benchmarks.Effect;

/// <summary>
/// What each shipped vector does to the shipped model, through the HTTP API, beside what transformers measured (models/storyworld/reference.json): the prompts, strengths and sampling
/// of the reference, 64 samples with a fixed seed. Writes docs/steering-effect.md.
/// </summary>
internal sealed class ShippedVectorsBenchmark(HttpClient server, string repository)
{
    private const int Samples = 64;
    private const double Tolerance = 0.2; // shares of 64 samples against shares of 128: three standard errors of their difference are 0.23 at worst
    private readonly Judge _judge = new(Path.Combine(repository, "models", "storyworld", "evaluation"));

    /// <returns>False when a share is further from the reference than the tolerance.</returns>
    public async Task<bool> RunAsync()
    {
        var reference = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(repository, "models", "storyworld", "reference.json")))!;
        var page = new StringBuilder();
        double worst = 0;
        foreach (var (effect, strengths) in reference["effect"]!.AsObject())
        {
            string attribute = effect.Split('=')[0], value = effect.Split('=')[1];
            var (vector, sign) = VectorOf(attribute, value);
            string prompt = (string)reference["prompts"]![attribute]!;
            foreach (var (text, expected) in strengths!.AsObject())
            {
                double strength = double.Parse(text, CultureInfo.InvariantCulture);
                var texts = await GenerateAsync(prompt, vector, sign * strength);
                double shows = texts.Count(t => _judge.Shows(attribute, t) == value) / (double)Samples, coherence = texts.Average(_judge.Coherence);
                double expectedShows = (double)expected!["shows"]!, expectedCoherence = (double)expected["coherence"]!;
                worst = Math.Max(worst, Math.Abs(shows - expectedShows));
                string line = FormattableString.Invariant($"| {effect} | {vector} | {sign * strength:0.##} | {shows:0.000} | {expectedShows:0.000} | {coherence:0.000} | {expectedCoherence:0.000} |");
                page.AppendLine(line);
                Console.WriteLine(line);
            }
        }
        string result = FormattableString.Invariant($"Largest difference of a share: {worst:0.000} (allowed {Tolerance}).");
        Console.WriteLine(result);
        await File.WriteAllTextAsync(Path.Combine(repository, "docs", "steering-effect.md"), $"""
            # What the shipped vectors do

            Written by `dotnet run -c Release --project benchmarks/SteeringServer.Benchmarks -- effect` against a running server. Share of {Samples} samples that show the value, and the share of
            their characters in well-formed sentences, through the HTTP API (ours) and as transformers measured them with 128 samples (reference). Temperature 0.8, top_p 0.95, 160 tokens, seed 0.

            {result}

            | shows | vector | strength | ours | reference | coherence | reference |
            |---|---|---|---|---|---|---|
            {page.ToString().TrimEnd()}

            """);
        return worst <= Tolerance;
    }

    private static (string Vector, int Sign) VectorOf(string attribute, string value) => attribute switch
    {
        "sentiment" => ("sentiment", value == "negative" ? -1 : 1),
        "manner" => ("polite", value == "rude" ? -1 : 1),
        _ => ($"{attribute}-{value}", 1),
    };

    private async Task<string[]> GenerateAsync(string prompt, string vector, double strength)
    {
        var request = new { prompt, n = Samples, seed = 0, max_tokens = 160, temperature = 0.8, top_p = 0.95, steering = new { use = new[] { new { vector, strength } } } };
        using var response = await server.PostAsJsonAsync("/v1/completions", request);
        string body = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode) throw new InvalidOperationException($"{(int)response.StatusCode}: {body}");
        using var json = JsonDocument.Parse(body);
        return [.. json.RootElement.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("text").GetString()!)];
    }
}
