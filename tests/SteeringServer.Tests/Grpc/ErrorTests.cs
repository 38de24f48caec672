using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Steering.V1;
using SteeringServer.Errors;
using SteeringServer.Grpc;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Grpc;

[Collection(ServerCollection.Name)]
public sealed class ErrorTests(ServerFixture fixture)
{
    private readonly RunningServer _server = fixture.Server;

    public static TheoryData<string, string, string, string> Refusals => new()
    {
        // JSON of the message, path, reason, part of the message
        { """{"messages": [{"role": "user", "content": "Hi"}], "steering": {"use": [{"vector": "polite", "layers": ["99"]}]}}""", "steering.use[0].layers[0]", "SITE_NOT_FOUND|", "blocks 0 to 7" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "steering": {"use": [{"vector": "polite", "layers": ["2"], "sites": ["embed"]}]}}""", "steering.use[0].layers", "INVALID_VALUE", "leave one out" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "steering": {"inline": [{"layers": ["3"], "shape": [1], "data": "AADAfw=="}]}}""", "steering.inline[0].data", "INVALID_VALUE", "NaN" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "steering": {"inline": [{"layers": ["3"], "values": ["NaN"]}]}}""", "steering.inline[0].values", "INVALID_VALUE", "expected numbers" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "steering": {"use": [{"vector": "polite", "unit": 77}]}}""", "steering.use[0].unit", "INVALID_VALUE", "found '77'; expected one of raw" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "steering": {"use": [{"vector": "polite", "apply": {"preset": "APPLY_PRESET_PROMPT", "tokens": [3]}}]}}""", "steering.use[0].apply.preset", "UNKNOWN_FIELD", "apply" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "steering": {"use": [{"vector": "polite", "apply": {"prompt": "PHASE_DECODE"}}]}}""", "steering.use[0].apply.prompt", "INVALID_VALUE", "found 'decode'; expected all or none" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "steering": {"use": [{}]}}""", "steering.use[0].vector", "INVALID_VALUE", "is missing" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "steering": {}, "steeringShorthand": "polite"}""", "steering_shorthand", "INVALID_VALUE", "exclude each other" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "steeringShorthand": "polite polite"}""", "steering", "INVALID_VALUE", "a space on both sides" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "prompt": [{"text": "Hi"}]}""", "prompt", "INVALID_VALUE", "exclude each other" },
        { """{"messages": [{"role": "user"}]}""", "messages[0].content", "INVALID_VALUE", "is missing" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "echo": true}""", "echo", "UNKNOWN_FIELD", "is not a field of a chat completion request" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "topLogprobs": 3}""", "top_logprobs", "INVALID_VALUE", "needs logprobs" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "temperature": "NaN"}""", "temperature", "INVALID_VALUE", "found 'NaN'; expected a number from 0 to 2" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "n": 0}""", "n", "INVALID_VALUE", "from 1 to 128" },
        { """{"messages": [{"role": "user", "content": "Hi"}], "maxTokens": 600}""", "max_tokens", "CONTEXT_LENGTH_EXCEEDED", "context is 512" },
        { """{"prompt": [{"text": "Hi"}, {}]}""", "prompt[1]", "INVALID_VALUE", "expected a string or a list of token ids" },
        { """{"prompt": [{"tokenIds": {"ids": [3, -1]}}]}""", "prompt[0][1]", "INVALID_VALUE", "expected a token id" },
        { """{"prompt": [{"text": "Hi"}], "logprobs": true, "topLogprobs": 21}""", "logprobs", "INVALID_VALUE", "from 0 to 20" },
        { """{"prompt": [{"text": "Hi"}], "logitBias": {"99999": 1}}""", "logit_bias", "INVALID_VALUE", "expected a token id" },
        { "{}", "messages", "INVALID_VALUE", "is missing" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_field_problem_has_the_path_of_http(string json, string path, string reason, string message)
    {
        var request = JsonParser.Default.Parse<GenerateRequest>(json);

        var refused = await Rpc.RefusedAsync(() => _server.Generation().GenerateAsync(request).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, refused.Code);
        var field = Assert.Single(refused.Fields);
        Assert.Equal(path, field.Field);
        Assert.Contains(message, field.Description, StringComparison.Ordinal);
        Assert.Contains(field.Description, refused.Message, StringComparison.Ordinal);
        if (!reason.EndsWith('|')) Assert.Equal(reason, field.Reason);
        Assert.Equal(("steering.local", refused.Trailers.Count > 0), (refused.Info!.Domain, true));
        Assert.Equal(refused.Code, (await Rpc.RefusedAsync(() => _server.StreamAsync(Rpc.Streamed(request)))).Code);
    }

    [Fact]
    public async Task All_problems_are_named_at_once()
    {
        var request = new GenerateRequest { Messages = { Rpc.Says("Hi") }, Temperature = 3, TopP = -1, Steering = new SteeringSpec { Use = { new VectorUse { Vector = "nobody" } } } };

        var refused = await Rpc.RefusedAsync(() => _server.Generation().GenerateAsync(request, new Metadata { { "x-request-id", "mine-1" } }).ResponseAsync);

        Assert.Equal(["temperature", "top_p", "steering.use[0].vector"], refused.Fields.Select(field => field.Field));
        Assert.Equal("VECTOR_NOT_FOUND", refused.Fields[2].Reason);
        Assert.Equal(("INVALID_VALUE", "mine-1"), (refused.Info!.Reason, refused.Info.Metadata["request_id"]));
        Assert.StartsWith("3 problems", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nobody", "steering.use[0].vector", "VECTOR_NOT_FOUND")]
    [InlineData(null, "model", "MODEL_NOT_FOUND")]
    public async Task What_is_not_there_is_not_found(string? vector, string path, string reason)
    {
        var request = new GenerateRequest { Messages = { Rpc.Says("Hi") } };
        if (vector is null) request.Model = "gpt-4o";
        else request.Steering = new SteeringSpec { Use = { new VectorUse { Vector = vector } } };

        var refused = await Rpc.RefusedAsync(() => _server.Generation().GenerateAsync(request).ResponseAsync);

        Assert.Equal((StatusCode.NotFound, reason, path), (refused.Code, refused.Info!.Reason, refused.Fields.Single().Field));
    }

    [Fact]
    public async Task Fields_that_only_a_newer_client_knows_are_refused_by_number()
    {
        // A varint 30 in the request, a text 15 in the second use, and a group 3 in its apply.
        byte[] apply = [.. new Apply { ExcludeFirst = 1 }.ToByteArray(), 0x1B + (9 << 3), 0x1C + (9 << 3)];
        byte[] use = [.. new VectorUse { Vector = "polite" }.ToByteArray(), (15 << 3) | 2, 1, (byte)'x', (9 << 3) | 2, (byte)apply.Length, .. apply];
        byte[] spec = [.. new SteeringSpec { Use = { new VectorUse { Vector = "polite" } } }.ToByteArray(), (1 << 3) | 2, (byte)use.Length, .. use];
        byte[] request = [.. new GenerateRequest { Messages = { Rpc.Says("Hi") } }.ToByteArray(), (4 << 3) | 2, (byte)spec.Length, .. spec, 0xF0, 0x01, 0x05];

        var refused = await Rpc.RefusedAsync(() => _server.Generation().GenerateAsync(GenerateRequest.Parser.ParseFrom(request)).ResponseAsync);

        Assert.Equal(["30", "steering.use[1].15", "steering.use[1].apply.12"], refused.Fields.Select(field => field.Field).Order(StringComparer.Ordinal));
        Assert.All(refused.Fields, field => Assert.Equal("UNKNOWN_FIELD", field.Reason));
        Assert.Contains("field number 15 is not a field of steering.v1.VectorUse", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hundred_problems_fit_into_the_trailers_that_every_client_takes()
    {
        var request = new GenerateRequest { Messages = { Rpc.Says("Hi") } };
        request.Steering = new SteeringSpec { Use = { Enumerable.Range(0, 200).Select(i => new VectorUse { Vector = $"nobody-named-so-{i}", Layers = { "no layer" } }) } };

        var refused = await Rpc.RefusedAsync(() => _server.Generation().GenerateAsync(request).ResponseAsync);

        Assert.InRange(refused.Trailers.Sum(entry => entry.Key.Length + 32 + (entry.IsBinary ? entry.ValueBytes.Length * 4 / 3 : entry.Value.Length)) + refused.Message.Length, 4000, 8000);
        Assert.InRange(refused.Fields.Count, 5, 50);
    }

    [Fact]
    public async Task Words_that_are_not_ascii_arrive_as_they_were_sent()
    {
        var refused = await Rpc.RefusedAsync(() => _server.Generation().GenerateAsync(new GenerateRequest { Model = "ünïcode 100% 💡", Messages = { Rpc.Says("Hi") } }).ResponseAsync);

        Assert.Contains("'ünïcode 100% 💡'", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, StatusCode.InvalidArgument)]
    [InlineData(401, StatusCode.Unauthenticated)]
    [InlineData(403, StatusCode.PermissionDenied)]
    [InlineData(404, StatusCode.NotFound)]
    [InlineData(405, StatusCode.Unimplemented)]
    [InlineData(409, StatusCode.Aborted)]
    [InlineData(412, StatusCode.FailedPrecondition)]
    [InlineData(413, StatusCode.ResourceExhausted)]
    [InlineData(415, StatusCode.InvalidArgument)]
    [InlineData(422, StatusCode.FailedPrecondition)]
    [InlineData(429, StatusCode.ResourceExhausted)]
    [InlineData(499, StatusCode.Cancelled)]
    [InlineData(500, StatusCode.Internal)]
    [InlineData(503, StatusCode.Unavailable)]
    [InlineData(504, StatusCode.DeadlineExceeded)]
    public void Each_http_status_has_its_code(int status, StatusCode expected) => Assert.Equal(expected, RpcErrors.CodeOf(new ApiError(status, ErrorType.Server, "")));

    [Fact]
    public async Task A_full_queue_says_when_to_come_back()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { MaxSequences = 2, Queue = 1 });
        using var first = server.Generation().GenerateAsync(new GenerateRequest { Prompt = { Rpc.Text("Once") }, MaxTokens = 500, IgnoreEos = true, N = 3 });
        await Eventually.TrueAsync(() => server.Counters.Running == 2, "the place is full");

        var refused = await Rpc.RefusedAsync(() => server.Generation().GenerateAsync(new GenerateRequest { Prompt = { Rpc.Text("Once") } }).ResponseAsync);

        Assert.Equal((StatusCode.ResourceExhausted, "QUEUE_FULL", 1L), (refused.Code, refused.Info!.Reason, refused.RetryDelay!.Seconds));
        Assert.Equal(3, (await first).Choices.Count);
    }

    [Fact]
    public async Task A_failure_of_ours_is_internal_and_keeps_its_reasons_to_itself()
    {
        await using var server = await RunningServer.StartAsync(waitsForModel: false, configure: app => app.Use((HttpContext _, RequestDelegate _) => throw new InvalidOperationException("secret")));

        var refused = await Rpc.RefusedAsync(() => server.Generation().GenerateAsync(new GenerateRequest(), new Metadata { { "x-request-id", "mine-2" } }).ResponseAsync);

        Assert.Equal((StatusCode.Internal, "INTERNAL_ERROR", "mine-2"), (refused.Code, refused.Info!.Reason, refused.Info.Metadata["request_id"]));
        Assert.Contains("mine-2", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }
}
