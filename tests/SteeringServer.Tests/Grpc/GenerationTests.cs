using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Steering.V1;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Grpc;

/// <summary>One request over both wires gives one answer.</summary>
[Collection(ServerCollection.Name)]
public sealed class GenerationTests(ServerFixture fixture)
{
    private readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task A_chat_answer_is_the_one_of_http()
    {
        var http = await _server.AnswerAsync(Api.Chat, """
            {"messages": [{"role": "user", "content": "Tell me a story."}], "seed": 7, "n": 2, "max_tokens": 12, "logprobs": true, "top_logprobs": 3, "temperature": 0.9,
             "steering": {"use": [{"vector": "mood-joyful", "strength": 1.5, "layers": ["3-5"], "apply": "generated", "renormalise": "token"},
                                  {"vector": "polite", "op": "ablate", "apply": {"prompt_window": [-3, null], "generation": "none", "exclude": ["bos"]}}]}}
            """);
        using var call = _server.Generation().GenerateAsync(new GenerateRequest
        {
            Messages = { Rpc.Says("Tell me a story.") },
            Seed = 7,
            N = 2,
            MaxTokens = 12,
            Logprobs = true,
            TopLogprobs = 3,
            Temperature = 0.9,
            Steering = new SteeringSpec
            {
                Use =
                {
                    new VectorUse { Vector = "mood-joyful", Strength = 1.5, Layers = { "3-5" }, Apply = new Apply { Preset = ApplyPreset.Generated }, Renormalise = Renormalise.Token },
                    new VectorUse { Vector = "polite", Op = Op.Ablate, Apply = new Apply { PromptWindow = new Span { Start = -3 }, Generation = Phase.None, Exclude = { Exclusion.Bos } } },
                },
            },
        });
        var answer = await call;
        var headers = await call.ResponseHeadersAsync;

        Assert.Equal([http.Text(0), http.Text(1)], answer.Choices.Select(choice => choice.Text));
        Assert.Equal([0, 1], answer.Choices.Select(choice => choice.Index));
        Assert.Equal(http.Json.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("finish_reason").GetString()), answer.Choices.Select(choice => $"{choice.FinishReason}".ToLowerInvariant()));
        Assert.Equal((http.Usage.GetProperty("prompt_tokens").GetInt32(), http.Usage.GetProperty("completion_tokens").GetInt32(), http.Usage.GetProperty("total_tokens").GetInt32()),
            (answer.Usage.PromptTokens, answer.Usage.CompletionTokens, answer.Usage.TotalTokens));
        Assert.Equal(Logprobs(http.Choice()), Logprobs(answer.Choices[0]));
        Assert.Equal((http.Json.GetProperty("system_fingerprint").GetString(), http.Json.GetProperty("model").GetString(), 7L), (answer.SystemFingerprint, answer.Model, answer.Seed));
        Assert.Equal(http.Headers.GetValues("X-Steering-Applied").Single(), headers.GetValue("x-steering-applied"));
        Assert.Equal("7", headers.GetValue("x-seed"));
        Assert.NotEmpty(headers.GetValue("x-request-id")!);
        AssertReceipt(http.Steering, answer.Steering);
    }

    [Fact]
    public async Task A_completion_is_the_one_of_http_for_texts_and_tokens()
    {
        var http = await _server.AnswerAsync(Api.Completions, """
            {"prompt": ["Once upon a", "The sea"], "seed": 3, "max_tokens": 9, "logprobs": 2, "echo": true, "stop": ["."], "logit_bias": {"40": -5}, "frequency_penalty": 0.5}
            """);
        var answer = await _server.Generation().GenerateAsync(new GenerateRequest
        {
            Prompt = { Rpc.Text("Once upon a"), Rpc.Text("The sea") },
            Seed = 3,
            MaxTokens = 9,
            Logprobs = true,
            TopLogprobs = 2,
            Echo = true,
            Stop = { "." },
            LogitBias = { [40] = -5 },
            FrequencyPenalty = 0.5,
        });
        var tokens = new GenerateRequest { Prompt = { new Prompt { TokenIds = new TokenIds { Ids = { 0, 5, 9 } } } }, Seed = 3, MaxTokens = 9 };
        var ofTokens = await _server.Generation().GenerateAsync(tokens);

        Assert.Equal([http.Text(0), http.Text(1)], answer.Choices.Select(choice => choice.Text));
        var logprobs = http.Choice(1).GetProperty("logprobs");
        Assert.Equal(logprobs.GetProperty("tokens").EnumerateArray().Select(token => token.GetString()), answer.Choices[1].Logprobs.Select(token => token.Token.Text));
        Assert.Equal(logprobs.GetProperty("text_offset").EnumerateArray().Select(offset => offset.GetInt32()), answer.Choices[1].Logprobs.Select(token => token.TextOffset));
        Assert.Equal(logprobs.GetProperty("token_logprobs").EnumerateArray().Select(Number), answer.Choices[1].Logprobs.Select(token => token.Token.HasLogprob ? token.Token.Logprob : (float?)null));
        Assert.Equal((await _server.AnswerAsync(Api.Completions, """{"prompt": [0, 5, 9], "seed": 3, "max_tokens": 9}""")).Text(), ofTokens.Choices[0].Text);
        Assert.Null(answer.Steering);
    }

    [Fact]
    public async Task A_stream_says_what_a_whole_answer_says()
    {
        var request = new GenerateRequest
        {
            Messages = { Rpc.Says("Tell me a story.") },
            Seed = 11,
            N = 3,
            MaxTokens = 25,
            Logprobs = true,
            Stop = { "the" },
            Steering = new SteeringSpec { Use = { new VectorUse { Vector = "genre-sea" } }, Include = { Include.Receipt, Include.Unsteered } },
        };
        var whole = await _server.Generation().GenerateAsync(request);
        var events = await _server.StreamAsync(Rpc.Streamed(request));

        Assert.Equal(GenerateStreamResponse.EventOneofCase.Start, events[0].EventCase);
        Assert.Equal(GenerateStreamResponse.EventOneofCase.End, events[^1].EventCase);
        var deltas = events.Skip(1).SkipLast(1).Select(news => news.Delta).ToList();
        foreach (var choice in whole.Choices)
        {
            var own = deltas.Where(delta => delta.Index == choice.Index).ToList();
            Assert.Equal(choice.Text, string.Concat(own.Select(delta => delta.Text)));
            Assert.Equal(choice.Logprobs, own.SelectMany(delta => delta.Logprobs));
            Assert.Equal(choice.FinishReason, own[^1].FinishReason);
            Assert.All(own.SkipLast(1), delta => Assert.Equal(FinishReason.Unspecified, delta.FinishReason));
        }
        Assert.Equal(whole.Usage, events[^1].End.Usage);
        Assert.Equal(whole.Steering, events[^1].End.Steering);
        Assert.Equal(3, whole.Steering.Unsteered.Count);
        Assert.NotEqual(whole.Steering.Unsteered, whole.Choices);
        Assert.Equal((whole.Seed, whole.Model, whole.SystemFingerprint), (events[0].Start.Seed, events[0].Start.Model, events[0].Start.SystemFingerprint));
    }

    [Fact]
    public async Task The_ways_to_name_a_vector_are_one()
    {
        var vector = _server.Served.Catalog.VersionsOf("mood-joyful")[0].Vector;
        var inline = new InlineVector
        {
            Layers = { vector.Tensors.Select(tensor => $"{tensor.Site.Block}") },
            Strength = 2,
            Dtype = Dtype.F32,
            Shape = { (uint)vector.Tensors.Length, 256 },
            Data = ByteString.CopyFrom([.. vector.Tensors.SelectMany(tensor => tensor.Values).SelectMany(BitConverter.GetBytes)]),
        };
        var asNumbers = inline.Clone();
        asNumbers.Data = ByteString.Empty;
        asNumbers.Values.Add(vector.Tensors.SelectMany(tensor => tensor.Values));
        var client = _server.Generation();

        var answers = new[]
        {
            await client.GenerateAsync(Story(request => request.Steering = new SteeringSpec { Use = { new VectorUse { Vector = "mood-joyful", Version = "prod", Strength = 2 } } })),
            await client.GenerateAsync(Story(request => request.SteeringShorthand = "2 mood-joyful@1")),
            await client.GenerateAsync(Story(request => request.Model = "storyworld@mood-joyful:2")),
            await client.GenerateAsync(Story(_ => { }), new Metadata { { "x-steering", "2 mood-joyful" } }),
            await client.GenerateAsync(Story(request => request.Steering = new SteeringSpec { Inline = { inline } })),
            await client.GenerateAsync(Story(request => request.Steering = new SteeringSpec { Inline = { asNumbers } })),
        };
        var unsteered = await client.GenerateAsync(Story(_ => { }));

        Assert.Single(answers.Select(answer => answer.Choices[0].Text).Distinct());
        Assert.Single(answers.Select(answer => answer.Steering.Applied[0].Use.Sha256).Distinct());
        Assert.NotEqual(unsteered.Choices[0].Text, answers[0].Choices[0].Text);
        Assert.Equal([true, true, true, true, false, false], answers.Select(answer => answer.Steering.Applied[0].Use.HasVersion));
    }

    [Fact]
    public async Task A_dry_run_shows_the_plan_of_http_and_generates_nothing()
    {
        long before = _server.Counters.GeneratedTokens;
        var http = await _server.AnswerAsync(Api.Chat, """
            {"messages": [{"role": "user", "content": "Tell me a story."}], "steering": {"use": [{"vector": "polite", "strength": 0.5, "layers": [3], "apply": {"exclude": ["template"]}, "schedule": {"kind": "exp", "to": 0.1, "over": 5}}], "dry_run": true}}
            """);
        var request = Story(request => request.Steering = new SteeringSpec
        {
            Use =
            {
                new VectorUse
                {
                    Vector = "polite",
                    Strength = 0.5,
                    Layers = { "3" },
                    Apply = new Apply { Exclude = { Exclusion.Template } },
                    Schedule = new Schedule { Kind = ScheduleKind.Exp, To = 0.1, Over = 5 },
                },
            },
            DryRun = true,
        });
        var answer = await _server.Generation().GenerateAsync(request);
        var events = await _server.StreamAsync(Rpc.Streamed(request));

        var (expected, plan) = (http.Steering.GetProperty("plan")[0], answer.Steering.Plans.Single());
        var (expectedUse, use) = (expected.GetProperty("uses")[0], plan.Uses.Single());
        Assert.Equal(before, _server.Counters.GeneratedTokens);
        Assert.Empty(answer.Choices);
        Assert.Equal((expected.GetProperty("prompt_tokens").GetInt32(), expected.GetProperty("fingerprint").GetString()), (plan.PromptTokens, plan.Fingerprint));
        Assert.Equal("[[2,7],[9,null]]", expectedUse.GetProperty("positions").GetRawText());
        Assert.Equal([new Span { Start = 2, End = 7 }, new Span { Start = 9 }], use.Positions);
        Assert.Equal(new Schedule { Kind = ScheduleKind.Exp, To = 0.1, Over = 5 }, use.Schedule);
        var edit = expectedUse.GetProperty("edits")[0];
        Assert.Equal(("resid_post.3", edit.GetProperty("norm").GetDouble(), edit.GetProperty("coefficient").GetDouble(), 256), (use.Edits[0].Site, use.Edits[0].Norm, use.Edits[0].Coefficient, use.Edits[0].Width));
        Assert.Equal(expectedUse.GetProperty("prompt_positions").GetInt32(), use.PromptPositions);
        Assert.Equal([GenerateStreamResponse.EventOneofCase.Start, GenerateStreamResponse.EventOneofCase.End], events.Select(news => news.EventCase));
        Assert.Equal(answer.Steering, events[1].End.Steering);
    }

    private static GenerateRequest Story(Action<GenerateRequest> with)
    {
        var request = new GenerateRequest { Messages = { Rpc.Says("Tell me a story.") }, MaxTokens = 20, Seed = 1 };
        with(request);
        return request;
    }

    private static IEnumerable<(string?, float, string)> Logprobs(JsonElement choice) => choice.GetProperty("logprobs").GetProperty("content").EnumerateArray().Select(token =>
        (token.GetProperty("token").GetString(), token.GetProperty("logprob").GetSingle(), string.Join(' ', token.GetProperty("top_logprobs").EnumerateArray().Select(other => other.GetProperty("token").GetString()))));

    private static IEnumerable<(string?, float, string)> Logprobs(Choice choice) =>
        choice.Logprobs.Select(token => ((string?)token.Token.Text, token.Token.Logprob, string.Join(' ', token.TopLogprobs.Select(other => other.Text))));

    private static float? Number(JsonElement value) => value.ValueKind == JsonValueKind.Null ? null : value.GetSingle();

    private static void AssertReceipt(JsonElement expected, SteeringReceipt receipt)
    {
        Assert.Equal(expected.GetProperty("warnings").GetArrayLength(), receipt.Warnings.Count);
        Assert.Equal(expected.GetProperty("applied").GetArrayLength(), receipt.Applied.Count);
        foreach (var (json, applied) in expected.GetProperty("applied").EnumerateArray().Zip(receipt.Applied))
        {
            var use = applied.Use;
            Assert.Equal((Text(json, "vector"), json.GetProperty("version").GetInt32(), Text(json, "reference"), Text(json, "sha256"), json.GetProperty("strength").GetDouble()),
                (use.Vector, use.Version, use.Reference, use.Sha256, use.Strength));
            Assert.Equal((Text(json, "unit"), Text(json, "op").Replace("_", "", StringComparison.Ordinal)), ($"{use.Unit}".ToLowerInvariant(), $"{use.Op}".ToLowerInvariant()));
            Assert.Equal(json.GetProperty("sites").EnumerateArray().Select(site => site.GetString()), use.Sites);
            Assert.Equal(json.TryGetProperty("renormalise", out _), use.Renormalise == Renormalise.Token);
            Assert.Equal(Counts(json), applied.Total);
            Assert.Equal(json.GetProperty("choices").EnumerateArray().Select(Counts), applied.Choices);
        }
    }

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()!;

    private static SteeredTokens Counts(JsonElement json) => new() { PromptTokensSteered = json.GetProperty("prompt_tokens_steered").GetInt32(), GeneratedTokensSteered = json.GetProperty("generated_tokens_steered").GetInt32() };
}
