using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using SteeringServer.Errors;
using SteeringServer.Requests;

namespace SteeringServer.Features.Datasets;

/// <summary>A row of a dataset.</summary>
/// <param name="Line">Number of its first line, from 1.</param>
/// <param name="Fields">An object; a CSV file's values are texts.</param>
internal sealed record DatasetRow(int Line, JsonElement Fields);

/// <summary>Reads rows from JSON lines or CSV. What is malformed is reported by its line's number, as many lines as there are problems for.</summary>
internal static class DatasetReader
{
    public const string JsonLines = "jsonl", Csv = "csv";

    /// <summary>Rows a dataset may have.</summary>
    public const int MostRows = 20_000;

    /// <summary>Characters it may have.</summary>
    public const int MostCharacters = 16 << 20;

    public static ImmutableArray<string> Formats { get; } = [JsonLines, Csv];

    private static readonly JsonDocumentOptions LineOptions = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>The format that a text seems to have.</summary>
    public static string Recognise(string text) => text.AsSpan().TrimStart("\uFEFF \t\r\n") is ['{', ..] ? JsonLines : Csv;

    /// <param name="path">The field that the text came in, for messages.</param>
    public static List<DatasetRow> Read(string text, string format, string path, FieldProblems problems)
    {
        if (text.Length > MostCharacters)
        {
            problems.Add(path, $"has {text.Length} characters; this server takes {MostCharacters}: send fewer rows");
            return [];
        }
        var rows = string.IsNullOrWhiteSpace(text) ? [] : format == Csv ? ReadCsv(text, path, problems) : ReadLines(text, path, problems);
        if (rows.Count > MostRows) problems.Add(path, $"has {rows.Count} rows; this server takes {MostRows}");
        if (rows.Count == 0 && problems.IsEmpty) problems.Add(path, "has no rows; send one JSON object a line, or CSV whose first line names the columns");
        return rows;
    }

    /// <summary>Every name that some row has, in the order of their first appearance.</summary>
    public static ImmutableArray<string> ColumnsOf(IEnumerable<DatasetRow> rows) => [.. rows.SelectMany(row => row.Fields.EnumerateObject()).Select(field => field.Name).Distinct()];

    private static List<DatasetRow> ReadLines(string text, string path, FieldProblems problems)
    {
        var rows = new List<DatasetRow>();
        int line = 0;
        var all = text.AsSpan().TrimStart('\uFEFF');
        foreach (var range in all.Split('\n')) // and not at U+2028, which a string may hold as it is
        {
            var part = all[range];
            line++;
            if (part.IsWhiteSpace()) continue;
            if (problems.IsFull) break;
            try
            {
                byte[] utf8 = Encoding.UTF8.GetBytes(part.ToString());
                using var document = JsonDocument.Parse(utf8, LineOptions);
                if (JsonBody.LoneSurrogate(utf8) is not null) problems.Add(path, $"line {line} has half of a surrogate pair (\\ud800 to \\udfff); send whole characters", ErrorCode.InvalidUtf8);
                else if (document.RootElement.ValueKind == JsonValueKind.Object) rows.Add(new DatasetRow(line, document.RootElement.Clone()));
                else problems.Add(path, $"line {line} is {Found.Describe(document.RootElement)}; expected an object such as {{\"prompt\": …, \"preferred\": …, \"dispreferred\": …}}");
            }
            catch (JsonException broken)
            {
                problems.Add(path, $"line {line} is not valid JSON: {broken.Message.Split(" LineNumber:", 2)[0]}");
            }
        }
        return rows;
    }

    private static List<DatasetRow> ReadCsv(string text, string path, FieldProblems problems)
    {
        var rows = new List<DatasetRow>();
        string? bad = null;
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture) { BadDataFound = found => bad = found.Field };
        using var parser = new CsvParser(new StringReader(text.TrimStart('\uFEFF')), configuration);
        string[]? names = null;
        while (true)
        {
            int line = parser.RawRow + 1; // a row may have line breaks in quotes: its number is that of its first line
            bad = null;
            if (!parser.Read() || problems.IsFull) break;
            string[] values = parser.Record!;
            if (bad is not null) problems.Add(path, $"line {line} has a quotation mark where none may be: {Found.Quote(bad)}; put the whole field in quotation marks and double those inside (RFC 4180)");
            else if (names is null)
            {
                names = values;
                if (names.FirstOrDefault(name => names.Count(other => other == name) > 1) is { } twice) problems.Add(path, $"line {line} names the column {Found.Quote(twice)} twice; columns need different names");
            }
            else if (values.Length != names.Length) problems.Add(path, $"line {line} has {values.Length} fields where the first line names {names.Length} columns; put fields that hold commas in quotation marks");
            else rows.Add(new DatasetRow(line, Row(names, values)));
        }
        return rows;
    }

    private static JsonElement Row(string[] names, string[] values)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in names.Zip(values)) json.WriteString(name, value);
            json.WriteEndObject();
        }
        using var document = JsonDocument.Parse(buffer.ToArray());
        return document.RootElement.Clone();
    }
}
