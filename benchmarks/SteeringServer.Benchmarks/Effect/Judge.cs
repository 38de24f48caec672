using System.Text.Json;
using System.Text.RegularExpressions;

namespace SteeringServer.Benchmarks.Effect;

/// <summary>
/// The exact judges of the storyworld model's reference numbers: which value of an attribute a text shows, and how much of it is well-formed sentences. The world is generated, so
/// both are decided by phrases and sentence patterns, with no judge model.
/// </summary>
/// <param name="evaluation">models/storyworld/evaluation.</param>
internal sealed partial class Judge(string evaluation)
{
    private readonly Dictionary<string, List<(string Value, List<Regex> Phrases)>> _markers = ReadMarkers(Path.Combine(evaluation, "markers.json"));
    private readonly List<Regex> _sentences = ReadPatterns(Path.Combine(evaluation, "patterns.json"));

    /// <summary>The value with the most marker phrases. Null: no marker, or a tie.</summary>
    public string? Shows(string attribute, string text)
    {
        var counts = _markers[attribute].Select(marker => (marker.Value, Count: marker.Phrases.Sum(phrase => phrase.Count(text)))).ToList();
        int best = counts.Max(count => count.Count);
        var winners = counts.Where(count => count.Count == best).ToList();
        return best > 0 && winners.Count == 1 ? winners[0].Value : null;
    }

    /// <summary>Share of characters covered by consecutive well-formed sentences.</summary>
    public double Coherence(string text)
    {
        text = text.Trim();
        int at = 0, good = 0;
        while (at < text.Length)
        {
            int longest = _sentences.Max(sentence => sentence.Match(text, at) is { Success: true } match ? match.Length : 0);
            if (longest > 0)
            {
                good += longest;
                at += longest;
            }
            else
            {
                // The broken sentence counts for nothing; go on behind it.
                var end = SentenceEnd().Match(text, at);
                at = end.Success ? end.Index + end.Length : text.Length;
            }
            for (; at < text.Length && text[at] == ' '; at++) good++;
        }
        return good / (double)Math.Max(1, text.Length);
    }

    private static Dictionary<string, List<(string, List<Regex>)>> ReadMarkers(string path)
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(path));
        return file.RootElement.EnumerateObject().ToDictionary(
            attribute => attribute.Name,
            attribute => attribute.Value.EnumerateObject().Select(value => (value.Name, value.Value.EnumerateArray().Select(Phrase).ToList())).ToList());
    }

    private static List<Regex> ReadPatterns(string path)
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(path));
        // \G: a sentence must begin exactly where the last one ended, as Python's Pattern.match(text, at) has it.
        return [.. file.RootElement.EnumerateObject().SelectMany(group => group.Value.EnumerateArray()).Select(p => new Regex(@"\G(?:" + p.GetString() + ")", RegexOptions.CultureInvariant))];
    }

    private static Regex Phrase(JsonElement phrase) => new($@"(?<!\w){Regex.Escape(phrase.GetString()!)}(?!\w)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    [GeneratedRegex("""[.!?]"?(?: |$)""")]
    private static partial Regex SentenceEnd();
}
