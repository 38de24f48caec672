using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.DependencyInjection;
using Steering.V1;
using SteeringServer.Features.Extraction;
using SteeringServer.Features.Operations;
using SteeringServer.Hosting;
using SteeringServer.Tests.Features.Vectors;
using SteeringServer.Tests.Fixtures;
using Api = SteeringServer.Tests.Fixtures.Api;

namespace SteeringServer.Tests.Features.Documentation;

/// <summary>Real answers of every route, successes and failures, against what the OpenAPI document says of them.</summary>
public sealed class OpenApiAnswerTests : IAsyncLifetime
{
    private const string Key = "a-key-for-the-document";
    private static readonly string[] Headers = ["X-Request-Id", "X-Seed", "X-Steering-Applied", "ETag", "Location", "Idempotent-Replay", "Retry-After", "WWW-Authenticate", "Content-Disposition"];

    private readonly DescribedApi _api = new();
    private RunningServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await RunningServer.StartAsync(RunningServer.Options with { ApiKeys = [Key], Models = [RunningServer.Storyworld, RunningServer.Storyworld with { Name = "spare", IsOnDemand = true }] });
        _api.OperationId = ArrangeOperation;
        _server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Every_request_shown_is_right_and_answered_as_described()
    {
        foreach (var operation in _api.Operations)
        {
            foreach (var body in operation.Examples.Select(example => (JsonElement?)example).DefaultIfEmpty(null))
            {
                if (body is { } example) Assert.Empty(_api.Violations(operation.Body, example));
                Assert.InRange(await SendAsync(operation, _api.Request(operation, body)), 200, 299);
            }
        }
        await JudgeFinishedAsync();
        foreach (var (id, query) in new[] { ("listVectors", "?archived=true"), ("downloadVector", "?format=json"), ("downloadVector", "?format=gguf") })
        {
            var operation = _api.Operations.Single(operation => operation.Id == id);
            Assert.Equal(200, await SendAsync(operation, _api.Request(operation, query: query)));
        }
    }

    [Fact]
    public async Task The_server_and_the_document_refuse_the_same_unknown_fields()
    {
        foreach (var operation in _api.Operations)
        {
            foreach (var body in operation.Examples.SelectMany(DescribedRequests.WithUnknownField))
            {
                bool isAllowed = !_api.Violations(operation.Body, body).Any();
                int status = await SendAsync(operation, _api.Request(operation, body));
                Assert.True(isAllowed == status < 300, $"{operation}: {status} for {body}, which the document {(isAllowed ? "allows" : "forbids")}");
            }
        }
    }

    [Fact]
    public async Task Every_failure_is_described_and_every_described_failure_happens()
    {
        string[] costly = ["413", "429", "500", "507"]; // to cause; other tests do, and their bodies are the same
        foreach (var operation in _api.Operations)
        {
            var seen = new SortedSet<string>(StringComparer.Ordinal);
            foreach (var request in _api.Failing(operation)) seen.Add($"{await SendAsync(operation, request)}");
            seen.Add($"{await WhileLoadingAsync(operation)}");

            var described = operation.Statuses.Except(costly).Where(IsFailure).Order(StringComparer.Ordinal);
            Assert.Equal($"{operation}: {string.Join(' ', described)}", $"{operation}: {string.Join(' ', seen.Where(IsFailure))}");
        }
    }

    private static bool IsFailure(string status) => status[0] >= '4';

    // The vector that the document's examples speak of: two versions, the second promoted, and another alias.
    private async Task ArrangeAsync()
    {
        foreach (int seed in new[] { 1, 2 }) await _server.Http.UploadAsync(Vectors.Vectors.File(seed), "calm");
        foreach (var (alias, version) in new[] { ("prod", 1), ("prod", 2), ("canary", 2) }) await _server.Http.CallAsync(HttpMethod.Put, $"/v1/vectors/calm/aliases/{alias}", new { version });
        await _server.Http.CallAsync(HttpMethod.Post, "/v1/datasets", new { name = "colours", text = """{"prompt": "The sky is", "preferred": " blue.", "dispreferred": " green."}""" + "\n" + """{"prompt": "Snow is", "preferred": " white.", "dispreferred": " black."}""" });
    }

    // Operations that no model runs: the document cannot know their ids.
    private string ArrangeOperation(bool isDone)
    {
        var operations = _server.Services.GetRequiredService<OperationStore>();
        var operation = operations.Create(new ExtractionMetadata { State = ExtractionState.Queued, Model = "nobody", Vector = "x", Stages = { new ExtractionStage { Name = "attribution" } }, Created = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow) }, "{}", "jsonl", "");
        if (isDone) operations.Cancel(operation, ExtractionWorker.Cancelled);
        return operation.Id;
    }

    // The extractions that were shown run to their end.
    private async Task JudgeFinishedAsync()
    {
        var operations = _server.Services.GetRequiredService<OperationStore>();
        var watch = _api.Operations.Single(operation => operation.Id == "watchOperation");
        foreach (var operation in operations.All.Where(operation => operation.Metadata.Model == "storyworld").ToList())
        {
            Assert.Equal(200, await JudgeAsync(watch, _api.Request(watch, value: _ => operation.Id)));
            Assert.True(operations.Require(operation.Id).Response is not null, $"{operations.Require(operation.Id).Error}");
        }
    }

    private async Task<int> WhileLoadingAsync(DescribedOperation operation)
    {
        var serving = _server.Services.GetRequiredService<Serving>();
        var (models, pool) = (serving.Models, serving.Pool!);
        var request = _api.Request(operation, operation.Examples.IsEmpty ? null : operation.Examples[0]);
        serving.Configure([], pool); // as it is at the start
        try
        {
            return await JudgeAsync(operation, request);
        }
        finally
        {
            serving.Configure(models, pool);
        }
    }

    private async Task<int> SendAsync(DescribedOperation operation, HttpRequestMessage request)
    {
        await ArrangeAsync();
        return await JudgeAsync(operation, request);
    }

    // Sends a request and holds status, headers and body against the document.
    private async Task<int> JudgeAsync(DescribedOperation operation, HttpRequestMessage request)
    {
        using (request)
        using (var response = await _server.Http.SendAsync(request))
        {
            int status = (int)response.StatusCode;
            string text = await response.Content.ReadAsStringAsync(), what = $"{operation} {status}: {text[..Math.Min(text.Length, 2000)]}";
            Assert.True(operation.Statuses.Contains($"{status}"), what);
            var described = _api.Resolve(operation.Json.GetProperty("responses").GetProperty($"{status}"));
            string[] headers = described.TryGetProperty("headers", out var known) ? [.. known.EnumerateObject().Select(header => header.Name)] : [];
            Assert.Equal([], response.Headers.Concat(response.Content.Headers).Select(header => header.Key).Intersect(Headers, StringComparer.OrdinalIgnoreCase).Except(headers, StringComparer.OrdinalIgnoreCase));
            if (text.Length == 0) return status;

            string type = response.Content.Headers.ContentType!.MediaType!;
            Assert.True(described.GetProperty("content").TryGetProperty(type, out var content), $"{type} of {what}");
            var schema = content.GetProperty("schema");
            var bodies = type switch
            {
                "application/json" => [Api.Parse(text)],
                "text/event-stream" => SseParser.Create(await response.Content.ReadAsStreamAsync()).Enumerate().Select(item => item.Data).Where(data => data != "[DONE]").Select(Api.Parse).ToArray(),
                _ => [],
            };
            foreach (var body in bodies)
            {
                Assert.True(!_api.Violations(schema, body).Any(), $"{string.Join(" ", _api.Violations(schema, body))} in {what}");
                if (schema.EnumerateObject().Any(member => member.Name != "type")) Assert.True(!_api.Unnamed(schema, body).Any(), $"{string.Join(" ", _api.Unnamed(schema, body))} in {what}");
            }
            return status;
        }
    }
}
