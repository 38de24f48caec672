using System.Diagnostics;
using System.Text.Json;
using Steering.Engine.Tokenization;

namespace SteeringServer.Benchmarks.Tokenization;

/// <summary>
/// Megabytes of UTF-8 a second that each tokenizer of the reference data encodes on one thread: the first pass of a tokenizer just read over text it has not seen (after other text has made the
/// runtime compile the code), a later pass, and a first pass over all of it as one text.
/// </summary>
/// <param name="shared">The folder with data/ and golden/.</param>
/// <param name="only">The tokenizer to measure; all if null.</param>
internal sealed class EncodeBenchmark(string shared, string? only)
{
    private const int Repeats = 5;

    public void Run(TextWriter output)
    {
        var documents = MixedText.Read(shared);
        List<string> whole = [string.Concat(documents)];
        double megabytes = documents.Sum(document => (long)System.Text.Encoding.UTF8.GetByteCount(document)) / 1e6;
        output.WriteLine(Invariant($"{documents.Count} documents, {megabytes:f2} MB of UTF-8, one thread; medians of {Repeats}, each with a tokenizer just read"));
        output.WriteLine();
        output.WriteLine("| tokenizer | model | first pass MB/s | second pass MB/s | as one text MB/s | tokens per byte |");
        output.WriteLine("|---|---|---|---|---|---|");
        foreach (string folder in Directory.EnumerateDirectories(Path.Combine(shared, "golden", "tokenizers")).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(folder);
            if (only is not null && name != only) continue;
            using var meta = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "meta.json")));
            string file = Path.GetFullPath(Path.Combine(folder, "..", meta.RootElement.GetProperty("tokenizer").GetString()!));
            byte[] json = File.ReadAllBytes(file);
            List<double> first = [], second = [], one = [];
            long tokens = Encode(Tokenizer.Parse(json, file), documents);
            for (int i = 0; i < Repeats; i++)
            {
                var tokenizer = Tokenizer.Parse(json, file);
                first.Add(Seconds(tokenizer, documents));
                second.Add(Seconds(tokenizer, documents));
                one.Add(Seconds(Tokenizer.Parse(json, file), whole));
            }
            output.WriteLine(Invariant($"| {name} | {meta.RootElement.GetProperty("model_type").GetString()} | {megabytes / Median(first):f1} | {megabytes / Median(second):f1} | {megabytes / Median(one):f1} | {tokens / 1e6 / megabytes:f2} |"));
        }
    }

    private static double Seconds(Tokenizer tokenizer, List<string> documents)
    {
        long start = Stopwatch.GetTimestamp();
        Encode(tokenizer, documents);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static long Encode(Tokenizer tokenizer, List<string> documents) => documents.Sum(document => (long)tokenizer.Encode(document, EncodeOptions.Default).Ids.Length);

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
