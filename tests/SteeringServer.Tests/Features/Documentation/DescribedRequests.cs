using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Documentation;

/// <summary>Requests made of what the OpenAPI document shows, as it shows them or broken in every way that a route can tell.</summary>
internal static class DescribedRequests
{
    /// <summary>A request for an operation.</summary>
    /// <param name="value">The value of a parameter of the path; null: the one that the document shows.</param>
    public static HttpRequestMessage Request(this DescribedApi api, DescribedOperation operation, JsonElement? body = null, string query = "", Func<string, string?>? value = null)
    {
        string path = operation.Path;
        foreach (var (name, parameter) in api.Parameters(operation))
            if (parameter.GetProperty("in").GetString() == "path") path = path.Replace($"{{{name}}}", value?.Invoke(name) ?? OperationId(api, operation) ?? parameter.GetProperty("example").ToString(), StringComparison.Ordinal);
        var request = new HttpRequestMessage(new HttpMethod(operation.Method), path + query);
        if (body is { } json) request.Content = new StringContent(json.GetRawText(), Encoding.UTF8, "application/json");
        return request;
    }

    private static string? OperationId(DescribedApi api, DescribedOperation operation) =>
        operation.Path.StartsWith("/v1/operations/{id}", StringComparison.Ordinal) ? api.OperationId?.Invoke(operation.Id != "cancelOperation") : null;

    /// <summary>Requests that must fail, in the ways that the operation's parameters and body allow.</summary>
    public static IEnumerable<HttpRequestMessage> Failing(this DescribedApi api, DescribedOperation operation)
    {
        var parameters = api.Parameters(operation);
        JsonElement? body = operation.Examples.IsEmpty ? null : operation.Examples[0];

        yield return api.Request(operation, body).With(headers => headers.Host = "evil.example");
        if (!operation.IsOpen) yield return api.Request(operation, body).With(headers => headers.Authorization = new AuthenticationHeaderValue("Bearer", "another-key"));
        if (parameters.Values.Any(parameter => parameter.GetProperty("in").GetString() == "path"))
            foreach (string nobody in new[] { "nobody", "NOBODY" }) yield return api.Request(operation, body, value: name => name == "version" ? "99" : nobody);
        foreach (string query in new[] { "archived", "format", "model", "timeout" }.Where(parameters.ContainsKey)) yield return api.Request(operation, body, $"?{query}=nonsense");
        if (parameters.ContainsKey("If-Match"))
            foreach (string revision in new[] { "\"999\"", "x" }) yield return api.Request(operation, body).With(headers => headers.TryAddWithoutValidation("If-Match", revision));
        if (operation.Id == "archiveVersion") yield return api.Request(operation, value: name => name == "version" ? "2" : null); // which an alias points at
        if (operation.Id == "deleteOperation") yield return api.Request(operation, value: _ => api.OperationId!(false));
        if (body is not { } example) yield break;

        foreach (var (text, type) in new[] { ("{", "application/json"), ("{}", "text/plain") })
        {
            var request = api.Request(operation);
            request.Content = new StringContent(text, Encoding.UTF8, type);
            yield return request;
        }
        if (operation.Path is "/v1/chat/completions" or "/v1/completions" or "/v1/attributions" or "/v1/extractions" or "/tokenize" or "/detokenize") yield return api.Request(operation, With(example, "model", "nobody"));
        if (operation.Id == "createDataset") yield return api.Request(operation, With(example, "text", """{"prompt": "another content"}"""));
        if (parameters.ContainsKey("Idempotency-Key"))
            foreach (string unit in new[] { "raw", "rms" }) yield return api.Request(operation, With(example, "unit", unit)).With(headers => headers.Add("Idempotency-Key", "once"));
    }

    /// <summary>The bodies that an example becomes with an unknown field in one of its objects, for each of them.</summary>
    public static IEnumerable<JsonElement> WithUnknownField(JsonElement example)
    {
        for (int place = 0; ; place++)
        {
            var body = JsonNode.Parse(example.GetRawText())!;
            if (Objects(body).ElementAtOrDefault(place) is not { } at) yield break;
            at["nobody"] = "x";
            yield return Api.Parse(body.ToJsonString());
        }
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(member => Objects(member.Value)).Prepend(members),
        JsonArray items => items.SelectMany(Objects),
        _ => [],
    };

    private static JsonElement With(JsonElement body, string member, string value)
    {
        var changed = JsonNode.Parse(body.GetRawText())!;
        changed[member] = value;
        return Api.Parse(changed.ToJsonString());
    }

    private static HttpRequestMessage With(this HttpRequestMessage request, Action<HttpRequestHeaders> change)
    {
        change(request.Headers);
        return request;
    }
}
