using System.Text.Json;
using System.Text.RegularExpressions;
using Steering.Tests;

namespace SteeringServer.Tests.Effects;

/// <summary>Decides which value of an attribute a storyworld text shows, by phrases that occur with one value only: the judge of the model's reference numbers.</summary>
internal sealed class Judge
{
    private readonly Dictionary<string, List<(string Value, List<Regex> Phrases)>> _markers = [];

    public Judge()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Repository.PathTo("models", "storyworld", "evaluation", "markers.json")));
        foreach (var attribute in file.RootElement.EnumerateObject())
            _markers[attribute.Name] = [.. attribute.Value.EnumerateObject().Select(value => (value.Name, value.Value.EnumerateArray().Select(Phrase).ToList()))];
    }

    /// <summary>Null: no marker, or a tie.</summary>
    public string? Shows(string attribute, string text)
    {
        var counts = _markers[attribute].Select(marker => (marker.Value, Count: marker.Phrases.Sum(phrase => phrase.Count(text)))).ToList();
        int best = counts.Max(count => count.Count);
        var winners = counts.Where(count => count.Count == best).ToList();
        return best > 0 && winners.Count == 1 ? winners[0].Value : null;
    }

    private static Regex Phrase(JsonElement phrase) => new($@"(?<!\w){Regex.Escape(phrase.GetString()!)}(?!\w)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
}
