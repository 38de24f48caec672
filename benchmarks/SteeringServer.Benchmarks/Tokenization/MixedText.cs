using System.Text;
using System.Text.Json;

namespace SteeringServer.Benchmarks.Tokenization;

/// <summary>
/// A few megabytes of text as documents of a few kilobytes: the English data sets of the reference data once, and between them the texts of the tokenizers' reference cases (28 languages, code,
/// emoji, rare characters).
/// </summary>
internal static class MixedText
{
    private const int Document = 4096;

    /// <param name="shared">The folder with data/ and golden/.</param>
    public static List<string> Read(string shared)
    {
        var english = Directory.EnumerateFiles(Path.Combine(shared, "data", "datasets"), "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".json" or ".jsonl" or ".csv" or ".txt").Order(StringComparer.Ordinal)
            .SelectMany(file => Cut(File.ReadAllText(file)));
        string[] cases = [.. Directory.EnumerateFiles(Path.Combine(shared, "golden", "tokenizers"), "cases.jsonl", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .SelectMany(File.ReadLines).Select(TextOf).Distinct(StringComparer.Ordinal)];
        return [.. english.Concat(Join(cases)).OrderBy(text => text.Length % 97)];
    }

    private static IEnumerable<string> Cut(string text)
    {
        for (int start = 0; start < text.Length; start += Document) yield return text.Substring(start, Math.Min(Document, text.Length - start));
    }

    private static IEnumerable<string> Join(string[] texts)
    {
        var document = new StringBuilder();
        foreach (string text in texts)
        {
            document.Append(text).Append('\n');
            if (document.Length < Document) continue;
            yield return document.ToString();
            document.Clear();
        }
        yield return document.ToString();
    }

    private static string TextOf(string line)
    {
        using var json = JsonDocument.Parse(line);
        return json.RootElement.GetProperty("text").GetString()!;
    }
}
