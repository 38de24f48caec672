using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Steering.Engine.Attribution;
using Steering.Engine.Interventions;
using Steering.Methods.Grains;
using SteeringServer.Features.Attribution;
using SteeringServer.Features.Datasets;
using SteeringServer.Features.Steering;
using SteeringServer.Features.Vectors;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Extraction;

/// <summary>Reads the body of <c>POST /v1/extractions</c>.</summary>
internal static class ExtractionRequestReader
{
    private const string PromptPlace = "{prompt}", AnswerPlace = "{answer}";
    private static readonly string[] DataFields = ["dataset", "rows", "text", "format"];

    public static IReadOnlyDictionary<string, string> Methods { get; } = new Dictionary<string, string> { [GrainsExtractor.Method] = GrainsExtractor.Method };

    public static IReadOnlyDictionary<string, ImmutableArray<(TokenChoice, int)>> Tokens { get; } = new Dictionary<string, ImmutableArray<(TokenChoice, int)>>
    {
        ["both"] = GrainsOptions.Default.Choices, ["positive"] = [(TokenChoice.Positive, 1)], ["negative"] = [(TokenChoice.Negative, 1)], ["absolute"] = [(TokenChoice.Absolute, 1)],
    };

    public static IReadOnlyDictionary<string, DifferenceSummary> Summaries { get; } = new Dictionary<string, DifferenceSummary> { ["first_component"] = DifferenceSummary.FirstComponent, ["mean"] = DifferenceSummary.Mean };

    public static IReadOnlyDictionary<string, bool> Forms { get; } = new Dictionary<string, bool> { ["paper"] = false, ["released"] = true };

    /// <summary>What is to be done, whatever the data.</summary>
    public static ExtractionRequest Read(JsonElement body, ServedModel served, FieldProblems problems)
    {
        var fields = new JsonFields(body, "", problems);
        fields.Take("model");
        foreach (string field in DataFields) fields.Take(field);
        fields.Word("method", Methods);
        string? vector = fields.String("vector");
        if (vector is null || !VectorReference.IsName(vector)) fields.Report("vector", vector is null ? $"is missing; name the vector with {VectorReference.NameRule}" : $"found {Found.Quote(vector)}; expected {VectorReference.NameRule}");
        var aliases = VectorUploadFields.Aliases((fields.List("aliases", (item, path) => (object)(path, item.ValueKind == JsonValueKind.String ? item.GetString()! : ""), "texts") ?? []).Cast<(string, string)>(), problems);
        var request = new ExtractionRequest(vector ?? "", aliases, Columns(fields), Template(fields, "prompt_template", PromptPlace), Template(fields, "answer_template", AnswerPlace), fields.Bool("chat") ?? false,
            fields.Int("limit", GrainsExtractor.LeastExamples), ReadGrains(fields, served));
        if (request.IsChat && !served.Profile.HasTemplate) fields.Report("chat", "this model has no chat template; send prompts as texts");
        fields.RefuseOthers("an extraction request", "; options of the method go under grains");
        return request;
    }

    /// <summary>The data of a request: a dataset's, the rows in it, or a file's text in it. Null where a problem was reported.</summary>
    /// <exception cref="Errors.ApiException">404 for an unknown dataset.</exception>
    public static ExtractionData? ReadData(JsonElement body, DatasetStore datasets, FieldProblems problems)
    {
        var fields = new JsonFields(body, "", problems);
        string[] sent = [.. DataFields[..3].Where(fields.Has)];
        if (sent.Length != 1)
        {
            fields.Report(sent.Length == 0 ? "dataset" : sent[1], sent.Length == 0 ? "is missing; send the name of a dataset, or rows, or the text of a file" : $"{string.Join(" and ", sent)} each hold the data; send one of them");
            return null;
        }
        string? format = fields.String("format");
        if (format is not null && sent[0] != "text") fields.Report("format", "is of a text; leave it out here");
        if (format is not null && !DatasetReader.Formats.Contains(format)) fields.Report("format", $"found {Found.Quote(format)}; expected {string.Join(" or ", DatasetReader.Formats)}");
        switch (sent[0])
        {
            case "dataset":
                if (fields.String("dataset") is not { } name) return null;
                var (dataset, content) = datasets.Read(name);
                return new ExtractionData("dataset", dataset.Format, content);
            case "rows":
                var lines = new StringBuilder();
                var rows = fields.List("rows", (item, path) => { lines.Append(JsonSerializer.Serialize(item)).Append('\n'); return path; }, "objects");
                return rows is null ? null : new ExtractionData("rows", DatasetReader.JsonLines, lines.ToString());
            default:
                return fields.String("text") is { } text ? new ExtractionData("text", format ?? DatasetReader.Recognise(text), text) : null;
        }
    }

    /// <summary>The request without its data, as it is kept.</summary>
    public static string WithoutData(JsonElement body)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var field in body.EnumerateObject().Where(field => !DataFields.Contains(field.Name))) field.WriteTo(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static ExampleColumns Columns(JsonFields fields)
    {
        var usual = ExampleColumns.Usual;
        if (fields.Take("columns") is not { } value) return usual;
        var columns = new JsonFields(value, "columns", fields.Problems);
        var named = new ExampleColumns(Of("prompt", usual.Prompt), Of("preferred", usual.Preferred), Of("dispreferred", usual.Dispreferred));
        columns.RefuseOthers("columns", "; they are prompt, preferred and dispreferred");
        return named;
        ImmutableArray<string> Of(string name, ImmutableArray<string> names) => columns.String(name) is { } column ? [column] : names;
    }

    private static string? Template(JsonFields fields, string name, string place)
    {
        if (fields.String(name) is not { } template) return null;
        if (!template.Contains(place, StringComparison.Ordinal)) fields.Report(name, $"has no {place}; say where it goes: \"Q: {place}\\nA:\"");
        return template;
    }

    private static GrainsOptions ReadGrains(JsonFields all, ServedModel served)
    {
        var problems = all.Problems;
        var end = served.Model.Config.EosTokenIds;
        var defaults = GrainsOptions.Default with { PadToken = end.Length > 0 ? end[0] : 0, Blocks = Blocks(all, served) };
        if (all.Take("grains") is not { } value) return defaults;
        var fields = new JsonFields(value, "grains", problems);
        var options = defaults with
        {
            Choices = fields.Word("tokens", Tokens),
            TopK = fields.Int("top_k", 1, 1000) ?? defaults.TopK,
            Summary = fields.Word("summary", Summaries),
            AsReleased = fields.Word("form", Forms),
            PadToken = fields.Int("pad_token", 0, served.Profile.VocabularySize - 1) ?? defaults.PadToken,
            Attribution = new AttributionOptions
            {
                Baseline = fields.Word("baseline", AttributionRequestReader.Baselines, defaults.Attribution.Baseline),
                Rule = fields.Word("rule", AttributionRequestReader.Rules, defaults.Attribution.Rule),
                Points = fields.Int("points", 1, AttributionRequestReader.MostPoints) ?? defaults.Attribution.Points,
                Budget = fields.Int("budget", Attributor.LeastBudget, AttributionRequestReader.MostPoints) ?? defaults.Attribution.Budget,
                Tolerance = fields.Number("tolerance", 1e-6, 1) ?? defaults.Attribution.Tolerance,
            },
        };
        if (problems.IsEmpty && Attributor.WhyNot(options.Attribution) is { } reason) fields.Report("rule", reason);
        fields.RefuseOthers("GrAInS's options");
        return options;
    }

    private static ImmutableArray<int> Blocks(JsonFields fields, ServedModel served)
    {
        if (!fields.Has("layers")) return [];
        var selectors = SiteReader.Read(fields);
        int blocks = served.Model.Config.Shape.Blocks;
        foreach (var selector in selectors)
            if (selector.First is { } first && (selector.Last ?? first) >= blocks) fields.Report("layers", $"found {selector.ToString().Split('.')[1]}; this model has blocks 0 to {blocks - 1}");
        return [.. Enumerable.Range(0, blocks).Where(block => selectors.Any(selector => selector.Matches(new Site(SitePoint.ResidPost, block))))];
    }
}
