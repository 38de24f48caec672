using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Steering.Engine.Attribution;
using Steering.Engine.Tokenization;
using Steering.Methods.Extraction;
using Steering.Methods.Grains;
using SteeringServer.Errors;
using SteeringServer.Features.Attribution;
using SteeringServer.Features.Datasets;
using SteeringServer.Features.Generation;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Extraction;

/// <summary>Makes examples of rows: finds prompt and answers, puts them into templates, encodes them. What is wrong with a row is reported by its line.</summary>
internal sealed class ExampleReader
{
    private readonly ServedModel _served;
    private readonly ExtractionRequest _request;
    private readonly ExtractionData _data;
    private readonly FieldProblems _problems;

    private ExampleReader(ServedModel served, ExtractionRequest request, ExtractionData data, FieldProblems problems) => (_served, _request, _data, _problems) = (served, request, data, problems);

    public static ImmutableArray<PreferencePair> Read(ServedModel served, ExtractionRequest request, ExtractionData data, FieldProblems problems) => new ExampleReader(served, request, data, problems).ReadAll();

    private ImmutableArray<PreferencePair> ReadAll()
    {
        var rows = DatasetReader.Read(_data.Text, _data.Format, _data.Field, _problems);
        if (!_problems.IsEmpty) return [];
        var pairs = ImmutableArray.CreateBuilder<PreferencePair>();
        foreach (var row in rows.Take(_request.Limit ?? int.MaxValue))
        {
            if (_problems.IsFull) break;
            if (ReadRow(row) is { } pair) pairs.Add(pair);
        }
        if (_problems.IsEmpty && pairs.Count < GrainsExtractor.LeastExamples)
            _problems.Add(_data.Field, $"has {pairs.Count} rows; at least {GrainsExtractor.LeastExamples} are needed, since a direction is tested on what it was not made from, and a few dozen make a good one");
        return pairs.ToImmutable();
    }

    private PreferencePair? ReadRow(DatasetRow row)
    {
        var columns = _request.Columns;
        var prompt = Take(row, "prompt", columns.Prompt);
        var preferred = Take(row, "preferred", columns.Preferred);
        var dispreferred = Take(row, "dispreferred", columns.Dispreferred);
        if (prompt is null || preferred is null || dispreferred is null) return null;
        var tokens = Prompt(row, prompt.Value);
        var (right, wrong) = (Answer(row, preferred.Value), Answer(row, dispreferred.Value));
        if (tokens.IsDefaultOrEmpty || right.IsDefaultOrEmpty || wrong.IsDefaultOrEmpty) return null;
        var pair = new PreferencePair(tokens, right, wrong);
        // One token more than the text: a prompt must leave room for an answer.
        if (pair.Longest >= _served.Engine.Context) Report(row, prompt.Value.Column, $"prompt and answer have {pair.Longest} tokens, and this model's context is {_served.Engine.Context}; shorten one of them", ErrorCode.ContextLengthExceeded);
        else if (Attributor.BytesFor(_served.Model, pair.Longest) is var bytes and > AttributionDesk.MostBytes)
            Report(row, prompt.Value.Column, $"prompt and answer have {pair.Longest} tokens, whose gradients take {bytes >> 20} MiB; this server spends {AttributionDesk.MostBytes >> 20}: shorten one of them", ErrorCode.ContextLengthExceeded);
        else return pair;
        return null;
    }

    private (string Column, JsonElement Value)? Take(DatasetRow row, string what, ImmutableArray<string> names)
    {
        foreach (string name in names)
            if (row.Fields.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null) return (name, value);
        var there = row.Fields.EnumerateObject().Select(field => field.Name);
        string hint = Nearest.Hint(names[0], there);
        Report(row, names[0], $"is missing{hint}; the row has {string.Join(", ", there.Take(8).Select(Found.Quote))}, and columns.{what} says which of them it is", ErrorCode.InvalidValue);
        return null;
    }

    private ImmutableArray<int> Prompt(DatasetRow row, (string Column, JsonElement Value) prompt)
    {
        var own = new FieldProblems();
        PreparedPrompt? prepared = null;
        if (prompt.Value.ValueKind == JsonValueKind.Array)
        {
            if (!_served.Profile.HasTemplate) own.Add(prompt.Column, "holds messages, and this model has no chat template; send a text");
            else
            {
                var fields = new JsonFields(JsonSerializer.SerializeToElement(new JsonObject { ["messages"] = JsonNode.Parse(prompt.Value.GetRawText()) }), "", own);
                var conversation = ConversationReader.Read(fields, takesTools: false);
                if (own.IsEmpty) prepared = _served.Prompts.OfConversation(conversation, parseSpecial: false, own);
            }
        }
        else if (prompt.Value.ValueKind == JsonValueKind.String)
        {
            string text = Fill(_request.PromptTemplate, "{prompt}", prompt.Value.GetString()!);
            if (_request.IsChat) prepared = _served.Prompts.OfConversation(new Conversation([new JsonObject { ["role"] = "user", ["content"] = text }], null, null, true), parseSpecial: false, own);
            else prepared = _served.Prompts.OfCompletion(new CompletionPrompt(prompt.Column, text, []), addSpecial: true, parseSpecial: true, echo: false, withOffsets: false, own);
        }
        else own.Add(prompt.Column, $"found {Found.Describe(prompt.Value)}; expected a text or a list of messages");
        foreach (var problem in own.All) Report(row, problem.Path, problem.Message, problem.Code);
        return prepared?.Tokens ?? default;
    }

    private ImmutableArray<int> Answer(DatasetRow row, (string Column, JsonElement Value) answer)
    {
        string? text = answer.Value.ValueKind switch
        {
            JsonValueKind.String => answer.Value.GetString(),
            JsonValueKind.Object => Content(answer.Value),
            JsonValueKind.Array when answer.Value.GetArrayLength() == 1 => Content(answer.Value[0]),
            _ => null,
        };
        if (text is null)
        {
            Report(row, answer.Column, $"found {Found.Describe(answer.Value)}; expected a text, or a list of one message", ErrorCode.InvalidValue);
            return default;
        }
        int[] tokens = _served.Model.Tokenizer.Encode(Fill(_request.AnswerTemplate, "{answer}", text), new EncodeOptions { AddSpecialTokens = false }).Ids;
        if (tokens.Length == 0) Report(row, answer.Column, "has no tokens; send some text", ErrorCode.InvalidValue);
        return [.. tokens];
    }

    private static string? Content(JsonElement message) => message.ValueKind == JsonValueKind.Object && message.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String ? content.GetString() : null;

    private static string Fill(string? template, string place, string text) => template is null ? text : template.Replace(place, text, StringComparison.Ordinal);

    // Rows that came in the request have a path of their own there.
    private void Report(DatasetRow row, string column, string message, string code)
    {
        if (_data.Field == "rows") _problems.Add(string.Create(CultureInfo.InvariantCulture, $"rows[{row.Line - 1}].{column}"), message, code);
        else _problems.Add(_data.Field, $"line {row.Line}: {column} {message}", code);
    }
}
