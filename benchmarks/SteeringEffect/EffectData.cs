using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using CsvHelper;
using Steering.Engine.Tokenization;
using Steering.Methods.Extraction;
using SteeringServer.Benchmarks.Effect;

namespace SteeringEffect;

/// <summary>The tasks: Storyworld's contrast sets, whose train and test parts share no question, and TruthfulQA.</summary>
/// <param name="storyworld">models/storyworld.</param>
internal sealed class EffectData(string storyworld, Tokenizer tokenizer)
{
    private const int Examples = 60, Questions = 120;
    private const string Assistant = "<|assistant|>";

    private readonly Judge _judge = new(Path.Combine(storyworld, "evaluation"));

    public IEnumerable<EffectTask> Tasks()
    {
        yield return new EffectTask("truthfulness, by likelihood", [.. Rows("truth", "train").Take(Examples).Select(Preference)], [.. Rows("truth", "test").Select(Preference).Select(pair => new TestQuestion(pair.Prompt, pair))], null, 5);
        foreach (string asked in (string[])["harmful", "harmless"])
            yield return new EffectTask($"refusing what is {asked}", [.. Rows("refusal", "train").Take(Examples).Select(Preference)], Asked("refusal", row => row.GetProperty(asked).GetString()!), Shows("answer", "refuses"), 5);
        yield return new EffectTask("a polite manner", [.. Rows("polite", "train").Take(Examples).Select(row => Answers(row, "positive"))], Asked("polite", row => Split(row, "negative").Prompt), Shows("manner", "polite"), 5);
        yield return new EffectTask("French answers to English questions", [.. Rows("language-fr", "train").Take(Examples).Select(row => Answers(row, "negative"))], Asked("language-fr", row => Split(row, "negative").Prompt), Shows("language", "fr"), 5);
    }

    /// <summary>Best answer against best incorrect answer, as "Q: …\nA: …" (GrAInS's format): the first rows for examples, the next for questions.</summary>
    public static EffectTask TruthfulQa(string path, Tokenizer tokenizer, int examples, int questions)
    {
        using var reader = new CsvReader(new StreamReader(path), CultureInfo.InvariantCulture);
        reader.Read();
        reader.ReadHeader();
        var pairs = new List<PreferencePair>();
        while (reader.Read())
        {
            string wrong = reader.GetField("Incorrect Answers")!.Split(';')[0].Trim();
            pairs.Add(new PreferencePair([.. tokenizer.Encode($"Q: {reader.GetField("Question")}\nA:", new()).Ids], Answer(reader.GetField("Best Answer")!), Answer(wrong)));
        }
        // The file is in the order of its categories: every so many rows, so that both parts have all of them.
        var spread = Enumerable.Range(0, pairs.Count).OrderBy(i => i % 5).ThenBy(i => i).Select(i => pairs[i]).ToList();
        return new EffectTask("TruthfulQA, two choices", [.. spread.Take(examples)], [.. spread.TakeLast(questions).Select(pair => new TestQuestion(pair.Prompt, pair))], null, 10);
        ImmutableArray<int> Answer(string text) => [.. tokenizer.Encode(" " + text.Trim(), new EncodeOptions { AddSpecialTokens = false }).Ids];
    }

    private Func<string, (double, double)> Shows(string attribute, string value) => text => (_judge.Shows(attribute, text) == value ? 1 : 0, _judge.Coherence(text));

    private IEnumerable<JsonElement> Rows(string name, string part)
    {
        foreach (string line in File.ReadLines(Path.Combine(storyworld, "evaluation", "contrast", $"{name}.{part}.jsonl"))) yield return JsonDocument.Parse(line).RootElement;
    }

    private ImmutableArray<TestQuestion> Asked(string name, Func<JsonElement, string> prompt) => [.. Rows(name, "test").Select(prompt).Take(Questions).Select(text => new TestQuestion(Prompt(text), null))];

    private PreferencePair Preference(JsonElement row) => new(Prompt(row.GetProperty("prompt").GetString()!), Answer(row.GetProperty("preferred").GetString()!), Answer(row.GetProperty("dispreferred").GetString()!));

    /// <summary>Two texts' last answers to one of their questions.</summary>
    private PreferencePair Answers(JsonElement row, string question) => new(Prompt(Split(row, question).Prompt), Answer(Split(row, "positive").Answer), Answer(Split(row, "negative").Answer));

    private static (string Prompt, string Answer) Split(JsonElement row, string side)
    {
        string text = row.GetProperty(side).GetString()!;
        int at = text.LastIndexOf(Assistant, StringComparison.Ordinal) + Assistant.Length;
        return (text[..at], text[at..]);
    }

    private ImmutableArray<int> Prompt(string text) => [.. tokenizer.Encode(text, new()).Ids];

    private ImmutableArray<int> Answer(string text) => [.. tokenizer.Encode(text, new EncodeOptions { AddSpecialTokens = false }).Ids];
}
