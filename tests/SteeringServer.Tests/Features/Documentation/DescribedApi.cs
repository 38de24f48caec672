using System.Collections.Immutable;
using System.Text.Json;
using Json.Schema;
using Steering.Tests;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Documentation;

/// <summary>A method of a path in the OpenAPI document.</summary>
internal sealed record DescribedOperation(string Method, string Path, JsonElement Json)
{
    public string Id => Json.GetProperty("operationId").GetString()!;

    /// <summary>Whether nobody is asked for a key.</summary>
    public bool IsOpen => Json.TryGetProperty("security", out var security) && security.GetArrayLength() == 0;

    /// <summary>The JSON bodies it shows; none where it takes no body.</summary>
    public ImmutableArray<JsonElement> Examples => Json.TryGetProperty("requestBody", out var body)
        ? [.. body.GetProperty("content").GetProperty("application/json").GetProperty("examples").EnumerateObject().Select(example => example.Value.GetProperty("value"))] : [];

    /// <summary>The schema of its JSON body.</summary>
    public JsonElement Body => Json.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema");

    public ImmutableArray<string> Statuses => [.. Json.GetProperty("responses").EnumerateObject().Select(response => response.Name)];

    public override string ToString() => $"{Method} {Path}";
}

/// <summary>The OpenAPI document as tests read it: its operations, and its schemas as judges of real bodies.</summary>
internal sealed class DescribedApi
{
    private const string Schemas = "#/components/schemas/", Definitions = "#/$defs/";
    private static readonly EvaluationOptions AsList = new() { OutputFormat = OutputFormat.List };

    private readonly Dictionary<string, JsonSchema> _schemas = [];

    public static string Text { get; } = File.ReadAllText(Repository.PathTo("src", "SteeringServer", "Features", "Documentation", "openapi.v1.json"));

    public JsonElement Root { get; } = Api.Parse(Text);

    /// <summary>Makes an operation, done or waiting, and says its id, which no document can know.</summary>
    public Func<bool, string>? OperationId { get; set; }

    public ImmutableArray<DescribedOperation> Operations => [.. Root.GetProperty("paths").EnumerateObject().SelectMany(path =>
        path.Value.EnumerateObject().Select(method => new DescribedOperation(method.Name.ToUpperInvariant(), path.Name, method.Value)))];

    /// <summary>The parameters of an operation by their names.</summary>
    public Dictionary<string, JsonElement> Parameters(DescribedOperation operation) => !operation.Json.TryGetProperty("parameters", out var list) ? []
        : list.EnumerateArray().Select(Resolve).ToDictionary(parameter => parameter.GetProperty("name").GetString()!);

    /// <summary>What a reference points at.</summary>
    public JsonElement Resolve(JsonElement element) => !element.TryGetProperty("$ref", out var reference) ? element
        : reference.GetString()!.Split('/').Skip(1).Aggregate(Root, (at, member) => at.GetProperty(member));

    /// <summary>What is wrong with a value by a schema; nothing: it is right.</summary>
    public IEnumerable<string> Violations(JsonElement schema, JsonElement value)
    {
        var result = SchemaOf(schema).Evaluate(value, AsList);
        return result.IsValid ? [] : result.Details!.Where(detail => detail.Errors is not null).SelectMany(detail => detail.Errors!.Select(error => $"{detail.InstanceLocation}: {error.Key} {error.Value}"));
    }

    /// <summary>Members of objects in a value that the schema does not name.</summary>
    public IEnumerable<string> Unnamed(JsonElement schema, JsonElement value)
    {
        // The library leaves a list of names at "properties", and true at "additionalProperties" where it has dealt with all others.
        var notes = SchemaOf(schema).Evaluate(value, AsList).Details!.Where(detail => detail.Annotations is not null)
            .SelectMany(detail => detail.Annotations!.Select(note => (At: $"{detail.InstanceLocation}", note.Key, note.Value))).ToList();
        var named = notes.Where(note => note.Key == "properties").SelectMany(note => note.Value.EnumerateArray().Select(name => $"{note.At}/{name.GetString()}")).ToHashSet();
        var open = notes.Where(note => note.Key == "additionalProperties").Select(note => note.At).ToHashSet();
        return Members(value, "").Where(member => !named.Contains(member) && !open.Contains(member[..member.LastIndexOf('/')]));
    }

    private static IEnumerable<string> Members(JsonElement value, string at) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().SelectMany(member => Members(member.Value, $"{at}/{member.Name}").Prepend($"{at}/{member.Name}")),
        JsonValueKind.Array => value.EnumerateArray().SelectMany((item, i) => Members(item, $"{at}/{i}")),
        _ => [],
    };

    // A schema alone, with all that it can refer to beside it.
    private JsonSchema SchemaOf(JsonElement schema)
    {
        string text = schema.GetRawText();
        if (_schemas.TryGetValue(text, out var known)) return known;
        string all = Root.GetProperty("components").GetProperty("schemas").GetRawText();
        string whole = $$"""{"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": {{all}}, "allOf": [{{text}}]}""";
        return _schemas[text] = JsonSchema.FromText(whole.Replace(Schemas, Definitions, StringComparison.Ordinal));
    }
}
